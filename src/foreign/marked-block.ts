/**
 * A block of lines of ours in somebody else's file, mostly at its end, between two marks.
 *
 *     dnl # >>> spillway: begin (1 socketmap=127.0.0.1:9997 milter=127.0.0.1:9998 on-failure=open)
 *     ...
 *     dnl # <<< spillway: end
 *
 * The first mark tells all that the block was made of, so that it can be made again and compared: a
 * line changed by hand is found and never thrown away. Text is latin1, one character for each byte;
 * all bytes that are not ours stay as they are.
 */
import { splitLines } from './text-lines.ts';

export interface BlockStyle {
  /** What makes a line a comment: `dnl #` or `#`. */
  readonly comment: string;
  /** The lines between the marks, without line ends; null where the words make no sense. */
  readonly lines: (words: BlockWords) => readonly string[] | null;
}

/** What the first mark tells; neither names nor values hold blanks, `=` or parentheses. */
export type BlockWords = ReadonlyMap<string, string>;

export interface Block {
  /** Offsets of its first character and of the first one after it. */
  readonly start: number;
  readonly end: number;
  readonly words: BlockWords;
}

export interface BlockFault {
  readonly kind: 'fault';
  /** Counted from 1. */
  readonly line: number;
  readonly problem: string;
}

/** Counted up when the lines for the same words change. */
const revision = '1';
const beginning = '>>> spillway: begin';
const ending = '<<< spillway: end';
/**
 * Said in the words if the text did not end with a line end: which one we gave it, `lf` or `crlf`, so
 * that taking the block out takes that as well.
 */
const joined = 'joined';

/** The one block of ours in the text; null if there is none; a fault if it is not as we wrote it. */
export function findBlock(text: string, style: BlockStyle): Block | BlockFault | null {
  const blocks = findBlocks(text, style);
  if ('kind' in blocks) return blocks;
  const [block = null, second] = blocks;
  if (!second) return block;
  const line = text.slice(0, second.start).split('\n').length;
  return { kind: 'fault', line, problem: 'a second mark' };
}

/** All of them, in the order of the text. */
export function findBlocks(text: string, style: BlockStyle): readonly Block[] | BlockFault {
  const lines = readLines(text);
  const marks = lines.flatMap((line, index) => (isMark(line.bare, style) ? [index] : []));
  // Where lines of ours alone are left at the end: those that somebody wrote behind a block need the line end.
  let tail = lines.length;
  for (let at = marks.length - 1; at > 0 && marks[at] === tail - 1; at -= 2)
    tail = marks[at - 1] ?? 0;
  const blocks: Block[] = [];
  for (let at = 0; at < marks.length; at += 2) {
    const block = readBlock(lines, marks[at] ?? 0, marks[at + 1], tail, style);
    if ('kind' in block) return block;
    blocks.push(block);
  }
  return blocks;
}

function isMark(bare: string, { comment }: BlockStyle): boolean {
  return bare.startsWith(`${comment} ${beginning}`) || bare === `${comment} ${ending}`;
}

/** Between the marks in these lines, counted from 0. */
function readBlock(
  lines: readonly Line[],
  first: number,
  last: number | undefined,
  tail: number,
  style: BlockStyle,
): Block | BlockFault {
  const fault = (index: number, problem: string): BlockFault => ({
    kind: 'fault',
    line: index + 1,
    problem,
  });
  const begin = lines[first];
  if (!begin?.bare.includes(beginning)) return fault(first, 'an end mark without a begin mark');
  const end = last === undefined ? undefined : lines[last];
  if (last === undefined || !end || end.bare.includes(beginning))
    return fault(first, 'a begin mark without an end mark');

  const words = readWords(begin.bare);
  const wanted = words && style.lines(words);
  if (!wanted)
    return fault(first, 'a mark that was changed by hand, or written by another version');
  const found = lines.slice(first + 1, last).map((line) => line.bare);
  const changed = [...wanted, null].findIndex((line, index) => line !== (found[index] ?? null));
  if (changed >= 0) return fault(first + 1 + changed, 'a line that was changed or added by hand');
  const given = first >= tail ? lengthOf(words.get(joined)) : 0;
  return { start: begin.start - given, end: end.start + end.whole.length, words };
}

/** Text with a block at its end. Throws TypeError for words that the style cannot write. */
export function addBlock(text: string, words: BlockWords, style: BlockStyle): string {
  return insertBlock(text, text.length, words, style);
}

/** `at`: where a line begins, or the end of the text. Throws TypeError as addBlock does. */
export function insertBlock(
  text: string,
  at: number,
  words: BlockWords,
  style: BlockStyle,
): string {
  const lineEnd = lineEndOf(text);
  const before = text.slice(0, at);
  const isJoined = before !== '' && !before.endsWith('\n');
  const all = isJoined ? new Map([...words, [joined, lineEnd === '\n' ? 'lf' : 'crlf']]) : words;
  const lines = style.lines(all);
  if (!lines) throw new TypeError('words that make no block');
  const told = [revision, ...[...all].map(([name, value]) => `${name}=${value}`)].join(' ');
  const marked = [
    `${style.comment} ${beginning} (${told})`,
    ...lines,
    `${style.comment} ${ending}`,
  ];
  const block = marked.map((line) => line + lineEnd).join('');
  return `${before}${isJoined ? lineEnd : ''}${block}${text.slice(at)}`;
}

/** Text without what stands between the marks, whatever it is: to read what was there before. */
export function withoutBlock(text: string, comment: string): string {
  const lines = readLines(text);
  const first = lines.findIndex(({ bare }) => bare.startsWith(`${comment} ${beginning}`));
  const begin = lines[first];
  const end = lines.find(({ bare }, index) => index > first && bare === `${comment} ${ending}`);
  return begin && end
    ? text.slice(0, begin.start) + text.slice(end.start + end.whole.length)
    : text;
}

/** What stands between the marks, whatever it is; without line ends. */
export function linesWithin(text: string, comment: string): readonly string[] {
  const lines = readLines(text).map(({ bare }) => bare);
  const first = lines.findIndex((line) => line.startsWith(`${comment} ${beginning}`));
  const last = lines.indexOf(`${comment} ${ending}`);
  return first < 0 || last < first ? [] : lines.slice(first + 1, last);
}

export function removeBlock(text: string, block: Block): string {
  return text.slice(0, block.start) + text.slice(block.end);
}

function readWords(mark: string): BlockWords | null {
  const told = / \((\S+)((?: [^\s=()]+=[^\s=()]+)*)\)$/.exec(mark);
  if (told?.[1] !== revision) return null;
  const pairs = (told[2] ?? '').split(' ').slice(1);
  return new Map(pairs.map((pair) => pair.split('=', 2) as [string, string]));
}

/** CRLF where the first line ends so, as m4 and sendmail take both. */
function lineEndOf(text: string): string {
  const first = text.indexOf('\n');
  return first > 0 && text[first - 1] === '\r' ? '\r\n' : '\n';
}

function lengthOf(lineEnd: string | undefined): number {
  return lineEnd === 'crlf' ? 2 : lineEnd === 'lf' ? 1 : 0;
}

interface Line {
  readonly start: number;
  readonly whole: string;
  /** Without its line end. */
  readonly bare: string;
}

function readLines(text: string): Line[] {
  let end = 0;
  return splitLines(text).map((whole) => {
    const start = end;
    end += whole.length;
    return { start, whole, bare: whole.replace(/\r?\n$/, '') };
  });
}
