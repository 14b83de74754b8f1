/**
 * Lets in only so many tasks at once.
 */
export interface Room {
  /** Resolves when the task has begun. */
  enter(task: () => Promise<void>): Promise<void>;
  /** Resolves when nobody is inside. */
  empty(): Promise<void>;
}

export function createRoom(places: number): Room {
  let inside = 0;
  const queue: (() => void)[] = [];
  const left = () => {
    inside--;
    for (const wake of queue.splice(0)) wake();
  };
  const change = () =>
    new Promise<void>((resolve) => {
      queue.push(resolve);
    });
  return {
    async enter(task) {
      while (inside >= places) await change();
      inside++;
      void task().finally(left);
    },
    async empty() {
      while (inside > 0) await change();
    },
  };
}
