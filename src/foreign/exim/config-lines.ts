/**
 * Lines of an Exim configuration, as Exim reads them (its manual, chapter 6): comments are left out,
 * also within a line that goes on behind a backslash; files that are included stand in their place.
 *
 * Macros stay as they are written, and both sides of a condition are told: what comes of them only Exim
 * knows. Text is latin1.
 */

/** Path -> text; null for a file that cannot be read. */
export type ConfigTexts = ReadonlyMap<string, string | null>;

export interface ConfigLine {
  readonly path: string;
  /** Counted from 1; of its first physical line. */
  readonly number: number;
  /** Offsets in its file: its first character, and the first one behind its line end. */
  readonly start: number;
  readonly end: number;
  /** In one line, without blanks around it. */
  readonly text: string;
  /** `.ifdef` and its like are read before anything else. */
  readonly isCondition: boolean;
  /** A condition or another file stands within it. */
  readonly isBroken: boolean;
}

export interface ConfigReading {
  readonly lines: readonly ConfigLine[];
  /** Files to be included whose texts are not given. */
  readonly missing: readonly string[];
  /** What is to be included and cannot be found by its name, or be read. */
  readonly unread: readonly string[];
}

const condition = /^\.(ifdef|ifndef|elifdef|elifndef|else|endif)\b/;
const inclusion = /^\.include(?:_if_exists)?\s+"?([^"]*?)"?$/;
/** No-break spaces are none: in UTF-8 their byte is a part of letters. */
const blanksAround = /^[ \t\r\n\v\f]+|[ \t\r\n\v\f]+$/g;

/** `entries`: paths in the order in which Exim gets to see them, one after another. */
export function readConfig(entries: readonly string[], texts: ConfigTexts): ConfigReading {
  const reader: Reader = {
    texts,
    lines: [],
    open: null,
    missing: new Set(),
    unread: new Set(),
    files: 0,
  };
  for (const path of entries) readFile(reader, path, []);
  return { lines: reader.lines, missing: [...reader.missing], unread: [...reader.unread] };
}

interface Reader {
  readonly texts: ConfigTexts;
  readonly lines: ConfigLine[];
  /** A line that goes on. */
  open: ConfigLine | null;
  readonly missing: Set<string>;
  readonly unread: Set<string>;
  /** Read so far, one that stands in several places each time. */
  files: number;
}

/** Files that include the next one twice would be read without end. */
const mostFiles = 2_000;

/** `above`: the files that include it. */
function readFile(reader: Reader, path: string, above: readonly string[]): void {
  const text = reader.texts.get(path);
  if (text === undefined && path.startsWith('/')) reader.missing.add(path);
  else if (typeof text !== 'string' || above.includes(path) || ++reader.files > mostFiles)
    reader.unread.add(path);
  else readText(reader, path, text, [...above, path]);
}

function readText(reader: Reader, path: string, text: string, files: readonly string[]): void {
  let number = 0;
  for (let start = 0; start < text.length; number++) {
    const feed = text.indexOf('\n', start);
    const end = feed < 0 ? text.length : feed + 1;
    const bare = text.slice(start, end).replace(blanksAround, '');
    if (!bare.startsWith('#'))
      readLine(reader, { path, number: number + 1, start, end, text: bare, ...whole }, files);
    start = end;
  }
  closeLine(reader);
}

const whole = { isCondition: false, isBroken: false };

function readLine(reader: Reader, line: ConfigLine, files: readonly string[]): void {
  const { text, end } = line;
  const included = inclusion.exec(text)?.[1];
  if (included !== undefined || condition.test(text)) {
    const { open } = reader;
    // Another file begins with a line of its own, for us.
    reader.open = null;
    if (included !== undefined) readFile(reader, included, files);
    else reader.lines.push({ ...line, isCondition: true });
    reader.open = open && { ...open, isBroken: true };
    return;
  }
  const goesOn = text.endsWith('\\');
  const part = goesOn ? text.slice(0, -1) : text;
  const { open } = reader;
  reader.open = open ? { ...open, end, text: open.text + part } : { ...line, text: part };
  if (!goesOn) closeLine(reader);
}

function closeLine(reader: Reader): void {
  const text = reader.open?.text.replace(blanksAround, '') ?? '';
  if (reader.open && text !== '') reader.lines.push({ ...reader.open, text });
  reader.open = null;
}
