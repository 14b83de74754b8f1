/**
 * /etc/aliases, in the syntax that sendmail and Postfix share.
 *
 * aliases(5): `name: value, value`, where a value is an address, a local name, `\name` (that mailbox,
 * without more aliases), `|program`, `/file` or `:include:/file`. Blanks, commas and the rest may
 * stand in quotes. The last three are for whoever runs on that machine: we say that the name exists.
 */
import type { MapEntryReading } from '../map-entry.ts';

const nameLimit = 320;

/** `line`: a logical line (map-lines.ts). */
export function parseAlias(line: string): MapEntryReading {
  const found = /^(?:"((?:[^"\\]|\\.)*)"[ \t]*|([^:"]*)):/.exec(line);
  if (!found) return { problem: 'expected "name: address, ..."' };
  const key = found[1]?.replace(/\\(.)/g, '$1') ?? found[2]?.trim() ?? '';
  if (key === '' || key.length > nameLimit) return { problem: 'a name that no mailbox can have' };
  const values = splitValues(line.slice(found[0].length));
  if (values === null) return { problem: 'a quote that does not end' };
  if (values.length === 0) return { problem: `"${key}" stands for nothing` };
  const targets = values.filter((value) => !isForMachine(value)).map(withoutBackslash);
  if (targets.length === values.length) return { key, value: { kind: 'alias', targets } };
  const remark = 'a program, a file or an included list, which only the destination can serve';
  // Its own name among the targets means its own mailbox: what we cannot do, the destination may.
  return targets.length === 0
    ? { key, value: { kind: 'exists' }, remark }
    : { key, value: { kind: 'alias', targets: [...targets, key] }, remark };
}

function isForMachine(value: string): boolean {
  return /^(?:\||\/|:include:)/i.test(value);
}

function withoutBackslash(value: string): string {
  return value.startsWith('\\') ? value.slice(1) : value;
}

/** Divided by commas outside quotes; a value that is quoted as a whole loses its quotes. */
function splitValues(text: string): string[] | null {
  const values: string[] = [];
  let value = '';
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? '';
    if (character === '\\' && isQuoted) {
      value += character + (text[++i] ?? '');
      continue;
    }
    if (character === '"') isQuoted = !isQuoted;
    if (character !== ',' || isQuoted) {
      value += character;
      continue;
    }
    values.push(value);
    value = '';
  }
  values.push(value);
  return isQuoted ? null : values.map((one) => unquoteWhole(one.trim())).filter(isNamed);
}

/** A backslash alone names no mailbox. */
function isNamed(value: string): boolean {
  return value !== '' && value !== '\\';
}

/** `"|program with blanks"`, but not `"odd name"@example.org`. */
function unquoteWhole(value: string): string {
  const found = /^"((?:[^"\\]|\\.)*)"$/.exec(value);
  return found ? (found[1] ?? '').replace(/\\(.)/g, '$1') : value;
}
