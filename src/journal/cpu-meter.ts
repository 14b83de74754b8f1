/**
 * The CPU that this process uses, with all of its threads.
 */

/** Tells with each call how many ms it has used since the one before, or since the meter was made. */
export function createCpuMeter(): () => number {
  let before = usedSoFar();
  return () => {
    const now = usedSoFar();
    const used = now - before;
    before = now;
    return used;
  };
}

function usedSoFar(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
