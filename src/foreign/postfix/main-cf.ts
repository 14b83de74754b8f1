/**
 * main.cf: what its parameters say, and how some of them are put aside.
 *
 * postconf(5): a line that begins with a blank continues the one before; empty lines and comments may
 * stand between; of several definitions the last counts. Text is latin1.
 */
import { putAside } from '../put-aside.ts';
import { splitLines } from '../text-lines.ts';

interface Line {
  /** With its line end. */
  readonly whole: string;
  /** Name of the parameter that this line defines or goes on defining; null for all other lines. */
  readonly name: string | null;
}

/** Name -> value of the last definition, in one line. */
export function readParameters(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const { whole, name } of readLines(text)) {
    if (name === null) continue;
    const isFirst = !/^[ \t\r\n\v\f]/.test(whole);
    const more = isFirst ? whole.slice(whole.indexOf('=') + 1) : whole;
    const value = isFirst ? more : `${values.get(name) ?? ''} ${more}`;
    values.set(name, squeezeBlanks(value));
  }
  return values;
}

/** In one line, as two spellings of a value are compared. No-break spaces are none: in UTF-8 their byte is a part of letters. */
export function squeezeBlanks(value: string): string {
  return value.replace(/[ \t\r\n\v\f]+/g, ' ').replace(/^ | $/g, '');
}

/** Puts every definition of these parameters aside. */
export function putParametersAside(text: string, names: ReadonlySet<string>): string {
  const numbers = readLines(text).flatMap(({ name }, index) =>
    name !== null && names.has(name) ? [index + 1] : [],
  );
  return putAside(text, new Set(numbers));
}

function readLines(text: string): Line[] {
  let open: string | null = null;
  return splitLines(text).map((whole) => {
    if (/^[ \t\r\n\v\f]*(#|$)/.test(whole)) return { whole, name: null };
    if (!/^[ \t\r\n\v\f]/.test(whole)) open = /^([\w.-]+)\s*=/.exec(whole)?.[1] ?? null;
    return { whole, name: open };
  });
}
