/**
 * The small language that selects entries: `sender=*@seaton.biz age>2h`, terms joined by blanks, all of
 * which have to fit. A value, or a part of it, stands in quotes where it holds blanks.
 */

export type Operator = '=' | '<' | '>';

/** Whether one entry fits; `now` in ms since 1970. */
export type Test<Subject> = (subject: Subject, now: number) => boolean;

/** What may be asked by one key. */
export interface TermKind<Subject> {
  readonly operators: readonly Operator[];
  /** Completes "expected ...". */
  readonly expected: string;
  /** Null where the value is none. */
  readonly read: (value: string, operator: Operator) => Test<Subject> | null;
}

export type Terms<Subject> = { readonly [key: string]: TermKind<Subject> };

export type TestRead<Subject> =
  | { readonly kind: 'test'; readonly test: Test<Subject> }
  /** Where, what was expected and what was found; not escaped. */
  | { readonly kind: 'fault'; readonly problem: string };

/** Longer texts are nobody's handwriting. */
const longest = 10_000;
const mostTerms = 100;

export function readTerms<Subject>(text: string, terms: Terms<Subject>): TestRead<Subject> {
  if (text.length > longest) return { kind: 'fault', problem: `longer than ${longest} characters` };
  const keys = Object.keys(terms).join(', ');
  const tests: Test<Subject>[] = [];
  const fault = (at: number, expected: string, found: string): TestRead<Subject> => ({
    kind: 'fault',
    problem: `at character ${at + 1}: expected ${expected}, found ${found === '' ? 'the end' : found}`,
  });
  for (let at = skipBlanks(text, 0); at < text.length; at = skipBlanks(text, at)) {
    const [word = ''] = /^[^\s=<>"']*/.exec(text.slice(at)) ?? [];
    const term = Object.hasOwn(terms, word) ? terms[word] : undefined;
    if (!term) return fault(at, `one of ${keys}`, word === '' ? text.slice(at, at + 1) : word);
    at += word.length;
    const operator = term.operators.find((sign) => sign === text[at]);
    if (!operator)
      return fault(at, `${term.operators.join(' or ')} after ${word}`, text.slice(at, at + 1));
    at++;
    const value = readValue(text, at);
    if (value.unclosed !== null)
      return fault(text.length, `the quote ${value.unclosed} that closes the value`, '');
    const test = value.text === null ? null : term.read(value.text, operator);
    if (!test) return fault(at, term.expected, text.slice(at, value.end));
    if (tests.push(test) > mostTerms)
      return { kind: 'fault', problem: `more than ${mostTerms} terms` };
    at = value.end;
  }
  if (tests.length === 0) return fault(0, `a term by ${keys}`, '');
  return { kind: 'test', test: (subject, now) => tests.every((test) => test(subject, now)) };
}

interface Value {
  /** Null: there is none, not even an empty one in quotes. */
  readonly text: string | null;
  readonly end: number;
  /** The quote that is missing. */
  readonly unclosed: string | null;
}

function readValue(text: string, start: number): Value {
  let value: string | null = null;
  let at = start;
  while (at < text.length && !/\s/.test(text[at] ?? '')) {
    const quote = text[at];
    if (quote === '"' || quote === "'") {
      const end = text.indexOf(quote, at + 1);
      if (end < 0) return { text: null, end: text.length, unclosed: quote };
      value = (value ?? '') + text.slice(at + 1, end);
      at = end + 1;
    } else {
      value = (value ?? '') + quote;
      at++;
    }
  }
  return { text: value, end: at, unclosed: null };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? '')) at++;
  return at;
}
