/**
 * `spillway password`: what stands in the configuration for a password.
 */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Command } from 'commander';
import { hashPassword } from '../server/smtp/logins.ts';
import { CommandError, exit } from './exit.ts';
import { createOutput, type Output } from './output.ts';

const longest = 1024;

export function passwordCommand(output: Output = createOutput()): Command {
  return new Command('password')
    .description('Ask for a password, or read it from a pipe, and print its hash for [[logins]].')
    .action(async () => {
      const password = process.stdin.isTTY ? await askTwice() : await readLine('');
      if (password === '') throw new CommandError('an empty password protects nothing');
      if (password.length > longest)
        throw new CommandError(`a password has at most ${longest} characters`);
      await output.line(await hashPassword(password));
    });
}

async function askTwice(): Promise<string> {
  const password = await readLine('Password: ');
  if ((await readLine('Once more: ')) === password) return password;
  throw new CommandError('the two differ', exit.trouble);
}

/** What is typed is not shown. */
function readLine(prompt: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const isTerminal = process.stdin.isTTY;
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  process.stderr.write(prompt);
  const lines = createInterface({ input: process.stdin, output: mute, terminal: isTerminal });
  lines.once('line', (line) => {
    resolve(line);
    lines.close();
  });
  lines.once('SIGINT', () => {
    reject(new CommandError('given up', exit.trouble));
    lines.close();
  });
  lines.once('close', () => {
    if (isTerminal) process.stderr.write('\n');
    resolve('');
  });
  return promise;
}
