/**
 * The hosts file of this machine, which may say otherwise than DNS; see hosts(5).
 */
import { readFile } from 'node:fs/promises';
import { parseIp } from '../mail/ip.ts';
import { lowerName } from './name.ts';

/** Name in lower case -> its addresses in canonical text. */
export type Hosts = ReadonlyMap<string, readonly string[]>;

/** Takes any text; lines that cannot be read are skipped. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const parsed = parseIp(address);
    if (!parsed) continue;
    for (const name of names) {
      const key = lowerName(name.replace(/\.$/, ''));
      const known = hosts.get(key);
      if (!known) hosts.set(key, [parsed.text]);
      else if (!known.includes(parsed.text)) known.push(parsed.text);
    }
  }
  return hosts;
}

/** Empty where there is no such file. Rejects where it is there and cannot be read. */
export async function readHosts(path = '/etc/hosts'): Promise<Hosts> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return parseHosts(text);
}
