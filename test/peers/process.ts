/**
 * Programs that run in a place of ours: start, wait until ready, read what they say, stop.
 */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CommandError, type Place, run, start } from './place.ts';

export interface Program extends AsyncDisposable {
  /** Everything it has written to stdout and stderr, line by line, as it came. */
  readonly lines: readonly string[];
  /** Resolves to the first line, past or to come, that matches. Throws CommandError if it ends before. */
  line(pattern: RegExp): Promise<string>;
  /** SIGTERM, and SIGKILL for who does not obey within 10 s. */
  stop(): Promise<void>;
  /** SIGKILL, as in a crash. */
  kill(): Promise<void>;
}

/** Resolves when a line matches `ready`. */
export async function startProgram(
  place: Place,
  command: readonly string[],
  ready: RegExp,
): Promise<Program> {
  // The shell tells the number by which the place knows it, and becomes the program.
  const shell = ['sh', '-c', 'echo "$$"; exec "$@"', 'sh', ...command];
  const child = start(place, shell, { stdio: ['ignore', 'pipe', 'pipe'] });
  const program = follow(child, place, command);
  try {
    await program.line(ready);
    return program;
  } catch (error) {
    await program.kill();
    throw error;
  }
}

function follow(child: ChildProcess, place: Place, command: readonly string[]): Program {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let pid: string | null = null;
  let ending: string | null = null;
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  for (const stream of [child.stdout, child.stderr])
    if (stream)
      createInterface({ input: stream }).on('line', (line) => {
        if (pid === null && stream === child.stdout) pid = line;
        else lines.push(line);
        wake();
      });
  const closed = new Promise<void>((resolve) => {
    const end = (why: string) => {
      ending ??= why;
      wake();
      resolve();
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (status, signal) => end(`ended by ${signal ?? status}`));
  });

  const signal = async (name: 'TERM' | 'KILL') => {
    if (ending !== null) return;
    // It may end in the same moment.
    if (place.ownPids && pid !== null)
      await run(place, ['kill', `-${name}`, pid]).catch(() => undefined);
    else child.kill(`SIG${name}`);
  };
  const kill = async () => {
    await signal('KILL');
    await closed;
  };
  const stop = async () => {
    await signal('TERM');
    const timer = setTimeout(() => void signal('KILL'), 10_000);
    await closed;
    clearTimeout(timer);
  };
  return {
    lines,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        let seen = 0;
        const look = () => {
          for (; seen < lines.length; seen++) {
            const line = lines[seen] ?? '';
            if (!pattern.test(line)) continue;
            waiting.delete(look);
            return resolve(line);
          }
          if (ending === null) return;
          waiting.delete(look);
          reject(new CommandError(command, ending, lines.join('\n')));
        };
        waiting.add(look);
        look();
      }),
    stop,
    kill,
    [Symbol.asyncDispose]: stop,
  };
}
