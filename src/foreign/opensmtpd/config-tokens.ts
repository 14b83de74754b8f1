/**
 * The words of smtpd.conf: statements by lines, macros and included files put in their places.
 *
 * parse.y, yylex() and lgetc(); smtpd.conf(5).
 */

export interface Word {
  readonly text: string;
  /** In quotes: never a keyword or a sign. */
  readonly isQuoted: boolean;
  /** Offsets in its text of its first character and of the first one after it. */
  readonly start: number;
  readonly end: number;
}

export type Statement = readonly Word[];

export interface SourceStatement {
  /** With macros put in; their words have the offsets that they have in the macro. */
  readonly words: Statement;
  /** As they stand in the file. */
  readonly raw: Statement;
  /** The included file that it stands in; null: the text itself. */
  readonly file: string | null;
  /** Counted from 1. */
  readonly line: number;
}

/** What smtpd would not take either, or cannot be had. */
export interface TokenFault {
  readonly kind: 'fault';
  readonly file: string | null;
  readonly line: number;
  readonly problem: string;
}

/** The text of a file that the configuration names; null where it cannot be had. */
export type FileOf = (path: string) => string | null;

const mostIncludes = 50;
const mostWords = 1_000_000;

export class SmtpdSource {
  readonly statements: SourceStatement[] = [];
  private readonly macros = new Map<string, Statement>();
  private readonly fileOf: FileOf;
  private includes = 0;
  private count = 0;

  private constructor(fileOf: FileOf) {
    this.fileOf = fileOf;
  }

  static read(text: string, fileOf: FileOf): SmtpdSource | TokenFault {
    const source = new SmtpdSource(fileOf);
    return source.take(text, null) ?? source;
  }

  /** The words with the values that the macros have at the end; a text is the name of one that is none. */
  expand(raw: Statement): Statement | string {
    const expanded: Word[] = [];
    for (const word of raw) {
      const value = isMacro(word) ? this.macros.get(word.text.slice(1)) : [word];
      if (!value) return word.text.slice(1);
      expanded.push(...value);
    }
    return expanded;
  }

  private take(text: string, file: string | null): TokenFault | null {
    const fault = (at: number, problem: string): TokenFault => ({
      kind: 'fault',
      file,
      line: lineAt(text, at),
      problem,
    });
    for (const raw of splitStatements(text)) {
      if (!Array.isArray(raw)) return fault(raw.at, `${raw.what} that is left open`);
      const [first, second] = raw;
      if (!first) continue;
      const words = this.expand(raw);
      if (typeof words === 'string')
        return fault(first.start, `the macro "${words}" is not defined in this file`);
      this.count += words.length;
      if (this.count > mostWords) return fault(first.start, 'more words than can be read');
      if (isSign(second, '=')) this.macros.set(first.text, macroWords(words[2]));
      else if (isSign(first, 'include')) {
        const path = words[1]?.text ?? '';
        const included = ++this.includes > mostIncludes ? null : this.fileOf(path);
        if (included === null) return fault(first.start, `${path} cannot be read, or is too much`);
        const within = this.take(included, path);
        if (within) return within;
      } else this.statements.push({ words, raw, file, line: lineAt(text, first.start) });
    }
    return null;
  }
}

/** The words alone; null where the text is none that smtpd would take. */
export function readStatements(text: string, fileOf: FileOf): readonly Statement[] | null {
  const source = SmtpdSource.read(text, fileOf);
  return 'kind' in source ? null : source.statements.map(({ words }) => words);
}

/** The words of the first statement, with macros as they stand; empty where it has no end. */
export function readWords(text: string): Statement {
  const [words] = splitStatements(text);
  return Array.isArray(words) ? words : [];
}

export function isSign(word: Word | undefined, sign: string): boolean {
  return word !== undefined && !word.isQuoted && word.text === sign;
}

function isMacro({ text, isQuoted }: Word): boolean {
  return !isQuoted && text.startsWith('$');
}

/** smtpd reads the value anew wherever the macro stands, and no macro within it. */
function macroWords(word: Word | undefined): Statement {
  return readWords(word?.text ?? '');
}

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

/** What a word is made of once it has begun. */
const inWord = /[A-Za-z0-9:_/.*~+@[\]|?%&^`;'"$\\-]/;
const inMacro = /[A-Za-z0-9_]/;

interface OpenEnd {
  readonly what: 'a quote' | 'a brace';
  readonly at: number;
}

/** A line each, but for what stands in braces. */
function* splitStatements(text: string): Generator<Word[] | OpenEnd> {
  let statement: Word[] = [];
  let depth = 0;
  let brace = 0;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (isContinued(text, at)) at += 2;
    else if (character === '\n') {
      at++;
      if (depth > 0) continue;
      yield statement;
      statement = [];
    } else if (character === ' ' || character === '\t' || character === '\r') at++;
    else if (character === '#') at = endOfComment(text, at);
    else if (character === '"' || character === "'") {
      const end = endOfQuote(text, at);
      if (end < 0) return yield { what: 'a quote', at };
      const inside = unquote(text.slice(at + 1, end), character);
      statement.push({ text: inside, isQuoted: true, start: at, end: end + 1 });
      at = end + 1;
    } else {
      const word = readWord(text, at);
      if (word.text === '{' && depth++ === 0) brace = at;
      else if (word.text === '}') depth = Math.max(0, depth - 1);
      statement.push(word);
      at = word.end;
    }
  }
  yield depth > 0 ? { what: 'a brace', at: brace } : statement;
}

function readWord(text: string, start: number): Word {
  let word = text[start] ?? '';
  let at = start + 1;
  const more = word === '$' ? inMacro : inWord;
  if (more.test(word) || word === '$')
    while (at < text.length)
      if (isContinued(text, at)) at += 2;
      else if (more.test(text[at] ?? '')) word += text[at++] ?? '';
      else break;
  return { text: word, isQuoted: false, start, end: at };
}

/** A backslash takes the end of the line or of the file away, in the middle of a word as well. */
function isContinued(text: string, at: number): boolean {
  return text[at] === '\\' && (text[at + 1] ?? '\n') === '\n';
}

/** A comment goes on as well where its line ends with a backslash. */
function endOfComment(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

function endOfQuote(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++)
    if (text[at] === '\\' && text[at + 1] !== '\\') at++;
    else if (text[at] === quote) return at;
  return -1;
}

/** A backslash stands for itself, except before the quote, a blank or the end of a line. */
function unquote(text: string, quote: string): string {
  return text
    .replace(/\\(["' \t\n])/g, (whole, next: string) =>
      next === '\n' ? '' : next === quote || next === ' ' || next === '\t' ? next : whole,
    )
    .replaceAll('\n', '');
}
