/**
 * Exim beside the guard: the lines of docs/exim.md in the configuration of the tests.
 */
import { readFile, writeFile } from 'node:fs/promises';
import {
  type EximGuard,
  mailLines,
  rcptLines,
  routerLines,
} from '../../src/foreign/exim/guard-lines.ts';
import type { Machine } from './machine.ts';

/** Writes them; Exim must be started again. */
export async function askGuard(
  { path }: Machine,
  onFailure: EximGuard['onFailure'],
): Promise<void> {
  const guard: EximGuard = { readsocket: '127.0.0.1:9995', onFailure };
  const file = path('/etc/exim4/exim4.conf');
  const text = await readFile(file, 'utf8');
  const put = (lines: readonly string[]) => `${lines.join('\n')}\n`;
  await writeFile(
    file,
    text
      .replace('acl_smtp_rcpt', () => 'acl_smtp_mail = check_mail\nacl_smtp_rcpt')
      .replace('\ncheck_rcpt:\n', () => {
        const mail = `check_mail:\n${put(mailLines(guard))}  accept\n`;
        return `\n${mail}check_rcpt:\n${put(rcptLines(guard))}`;
      })
      .replace('\nby_mx:\n', () => {
        const router = routerLines(guard, 'spillway_by_mx', ['domains = ! +relayed']);
        return `\n${put(router)}by_mx:\n`;
      }),
  );
}
