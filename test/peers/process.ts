/**
 * Programs that run in a place of ours: start, wait until ready, read what they say, stop.
 */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CommandError, type Place, plainEnvironment, start } from './place.ts';

export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** Everything it has written to stdout and stderr, line by line, as it came. */
  readonly lines: readonly string[];
  /** Resolves to the first line, past or to come, that matches. Throws CommandError if it ends before. */
  line(pattern: RegExp): Promise<string>;
  /** SIGTERM, and SIGKILL for who does not obey within 10 s. */
  stop(): Promise<void>;
  /** SIGKILL, as in a crash. */
  kill(): Promise<void>;
}

/** In a place without a PID namespace of its own; resolves when a line matches `ready`. */
export async function startProgram(
  place: Place,
  command: readonly string[],
  ready: RegExp,
  environment: NodeJS.ProcessEnv = {},
): Promise<Program> {
  const child = start(place, command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...plainEnvironment(), ...environment },
  });
  const program = follow(child, command);
  try {
    await program.line(ready);
    return program;
  } catch (error) {
    await program.kill();
    throw error;
  }
}

function follow(child: ChildProcess, command: readonly string[]): Program {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let ending: string | null = null;
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  for (const stream of [child.stdout, child.stderr])
    if (stream)
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
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

  const kill = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await closed;
    clearTimeout(timer);
  };
  return {
    pid: child.pid ?? 0,
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
