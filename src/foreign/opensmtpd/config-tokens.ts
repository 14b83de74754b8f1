/**
 * The words of smtpd.conf: statements by lines, macros and included files put in their places.
 *
 * parse.y, yylex(); smtpd.conf(5).
 */

export interface Word {
  readonly text: string;
  /** In quotes: never a keyword or a sign. */
  readonly isQuoted: boolean;
}

export type Statement = readonly Word[];

/** The text of a file that the configuration names; null where it cannot be had. */
export type FileOf = (path: string) => string | null;

const mostIncludes = 50;
const mostWords = 1_000_000;

/** Null where the text is none that smtpd would take. */
export function readStatements(text: string, fileOf: FileOf): readonly Statement[] | null {
  const macros = new Map<string, Statement>();
  const statements: Statement[] = [];
  let includes = 0;
  let words = 0;

  function readText(source: string): boolean {
    for (const raw of splitStatements(source)) {
      if (raw === null) return false;
      const statement = expand(raw);
      if (!statement) return false;
      words += statement.length;
      if (words > mostWords) return false;
      const [first, second] = statement;
      if (!first) continue;
      if (isSign(second, '=')) macros.set(first.text, statement.slice(2));
      else if (!first.isQuoted && first.text === 'include') {
        const included = ++includes > mostIncludes ? null : fileOf(second?.text ?? '');
        if (included === null || !readText(included)) return false;
      } else statements.push(statement);
    }
    return true;
  }

  function expand(raw: Statement): Statement | null {
    const expanded: Word[] = [];
    for (const word of raw) {
      if (word.isQuoted || !word.text.startsWith('$')) {
        expanded.push(word);
        continue;
      }
      const value = macros.get(word.text.slice(1));
      if (!value) return null;
      expanded.push(...value);
    }
    return expanded;
  }

  return readText(text) ? statements : null;
}

export function isSign(word: Word | undefined, sign: string): boolean {
  return word !== undefined && !word.isQuoted && word.text === sign;
}

/** What a word is made of once it has begun. */
const word = /[A-Za-z0-9:_/.*~+@[\]|?%&^`;'"$\\-]/;

/** A line each, but for what stands in braces; null in the end where a quote is left open. */
function* splitStatements(text: string): Generator<Statement | null> {
  let statement: Word[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '\\' && text[at + 1] === '\n') at += 2;
    else if (character === '\n') {
      at++;
      if (depth > 0) continue;
      yield statement;
      statement = [];
    } else if (character === ' ' || character === '\t' || character === '\r') at++;
    else if (character === '#') {
      while (at < text.length && text[at] !== '\n') at++;
    } else if (character === '"' || character === "'") {
      const end = endOfQuote(text, at);
      if (end < 0) return yield null;
      statement.push({ text: unquote(text.slice(at + 1, end), character), isQuoted: true });
      at = end + 1;
    } else {
      const start = at++;
      if (word.test(character)) while (at < text.length && word.test(text[at] ?? '')) at++;
      else if (character === '{') depth++;
      else if (character === '}') depth = Math.max(0, depth - 1);
      statement.push({ text: text.slice(start, at), isQuoted: false });
    }
  }
  yield statement;
}

function endOfQuote(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++)
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  return -1;
}

/** A backslash stands for itself, except before the quote, a blank or the end of a line. */
function unquote(text: string, quote: string): string {
  return text
    .replace(/\\([\s\S])/g, (whole, next: string) =>
      next === quote || next === ' ' || next === '\t' ? next : next === '\n' ? '' : whole,
    )
    .replaceAll('\n', '');
}
