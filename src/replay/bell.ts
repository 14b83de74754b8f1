/**
 * Waiting for a condition that somebody else makes true: asked at each ring, with an end in time.
 */
export interface Bell {
  ring(): void;
  /** Asks the condition now and at each ring; false where it did not come true in time. */
  until(condition: () => boolean, milliseconds: number): Promise<boolean>;
}

export function createBell(): Bell {
  const watchers = new Set<() => void>();
  return {
    ring() {
      for (const watch of [...watchers]) watch();
    },
    until(condition, milliseconds) {
      return new Promise((resolve) => {
        const end = (came: boolean) => {
          watchers.delete(watch);
          clearTimeout(timer);
          resolve(came);
        };
        const watch = () => {
          if (condition()) end(true);
        };
        const timer = setTimeout(() => end(condition()), milliseconds);
        watchers.add(watch);
        watch();
      });
    },
  };
}
