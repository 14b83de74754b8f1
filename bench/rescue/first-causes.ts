/**
 * How soon somebody at a terminal reads the first cause.
 */
import { once } from 'node:events';
import { here, start } from '../../test/peers/place.ts';

/** Seconds from the start of the command until the screen names seaton.biz; null if it never does. */
export async function firstCauses(command: readonly string[]): Promise<number | null> {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const begin = performance.now();
  // script(1) gives it a terminal.
  const child = start(here, ['script', '-qec', quoted, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let screen = '';
  let seen: number | null = null;
  child.stdout?.on('data', (chunk: Buffer) => {
    // The end of what came before may hold half a name.
    screen = screen.slice(-100) + chunk.toString('latin1');
    if (seen === null && screen.includes('seaton.biz')) seen = (performance.now() - begin) / 1000;
  });
  await once(child, 'close');
  return seen;
}
