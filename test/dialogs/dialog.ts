/**
 * Conversations as files. Each begins with comments: what it shows, and a line `# name: value` for
 * whatever is not as usual (setting.ts). Then, line by line:
 *
 * - `C: text` the client says this and CRLF. Lines of the client that follow each other go out in one
 *   piece: a pipelined group, or content.
 * - `C> text` the same without CRLF at its end.
 * - `S: text` the server says this line. `*` stands for any characters.
 * - `S: ...` and any further lines of the same reply.
 * - `! tls` the client shakes hands.
 * - `! silence` the client says nothing until the server has had enough.
 * - `! shutdown` the server is told to stop.
 * - `! closed` the server closes the connection, and has said nothing more.
 *
 * In what the client says, `\r`, `\n`, `\0` and `\xHH` are octets, `\\` is a backslash, and
 * `\(text*80)` is the text eighty times. Files are UTF-8.
 */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Dialog {
  /** Name of its file, without the ending. */
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly turns: readonly Turn[];
}

export const actions = ['tls', 'silence', 'shutdown', 'closed'] as const;
export type Action = (typeof actions)[number];

export type Turn =
  | { readonly kind: 'client'; readonly bytes: Buffer; readonly line: number }
  /** Null: the rest of the reply. */
  | { readonly kind: 'server'; readonly pattern: string | null; readonly line: number }
  | { readonly kind: 'action'; readonly action: Action; readonly line: number };

/** Throws with file and line where the text is none of the above. */
export function parseDialog(name: string, text: string): Dialog {
  const settings = new Map<string, string>();
  const turns: Turn[] = [];
  for (const [i, source] of text.split('\n').entries()) {
    if (source === '') continue;
    const line = i + 1;
    const [, mark = '', rest = ''] = /^(C:|C>|S:|!|#) ?(.*)$/.exec(source) ?? [];
    const action = actions.find((known) => known === rest);
    if (mark === '#') {
      const [, setting, value = ''] = /^([a-z]+): (.*)$/.exec(rest) ?? [];
      if (setting !== undefined) settings.set(setting, value);
    } else if (mark === 'C:') addBytes(turns, bytesOf(`${rest}\\r\\n`), line);
    else if (mark === 'C>') addBytes(turns, bytesOf(rest), line);
    else if (mark === 'S:')
      turns.push({ kind: 'server', pattern: rest === '...' ? null : rest, line });
    else if (mark === '!' && action) turns.push({ kind: 'action', action, line });
    else throw new Error(`${name}:${line}: ${source}`);
  }
  return { name, settings, turns };
}

/** All of this folder. */
export function readDialogs(): Dialog[] {
  const files = globSync(join(import.meta.dirname, '*.txt')).toSorted();
  return files.map((file) => parseDialog(basename(file, '.txt'), readFileSync(file, 'utf8')));
}

function addBytes(turns: Turn[], bytes: Buffer, line: number): void {
  const last = turns.at(-1);
  if (last?.kind !== 'client') turns.push({ kind: 'client', bytes, line });
  else turns[turns.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, bytes]) };
}

function bytesOf(text: string): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const found of text.matchAll(/\\(?:\(((?:[^\\)]|\\.)*)\*(\d+)\)|x([0-9a-f]{2})|(.))/gi)) {
    const [whole, repeated, times, hex, letter] = found;
    pieces.push(Buffer.from(text.slice(from, found.index)));
    from = found.index + whole.length;
    if (repeated !== undefined) pieces.push(repeat(bytesOf(repeated), Number(times)));
    else if (hex !== undefined) pieces.push(Buffer.from(hex, 'hex'));
    else pieces.push(Buffer.from({ r: '\r', n: '\n', 0: '\0' }[letter ?? ''] ?? letter ?? ''));
  }
  return Buffer.concat([...pieces, Buffer.from(text.slice(from))]);
}

function repeat(bytes: Buffer, times: number): Buffer {
  return Buffer.from(bytes.toString('latin1').repeat(times), 'latin1');
}
