/**
 * The guard's part of smtpd.conf: the filter, and each listener as it was, with the filter in it.
 *
 * smtpd.conf(5), since OpenSMTPD 6.7: `listen on ... filter NAME` or `filter { NAME, NAME }`.
 */
import type { FailureMode } from '../../mail/failure-mode.ts';
import { parseGuardEndpoint } from '../guard-endpoint.ts';
import {
  type FileOf,
  isSign,
  readWords,
  SmtpdSource,
  type SourceStatement,
  type Statement,
  type TokenFault,
  type Word,
} from './config-tokens.ts';

export interface SmtpdGuardSettings {
  /** Where the guard listens for the filter: `127.0.0.1:9994`, `[::1]:9994` or `unix:/path`. */
  readonly filter: string;
  readonly onFailure: FailureMode;
  /** The path of the program, as smtpd sees it. */
  readonly program: string;
}

export interface SmtpdGuardLines {
  readonly kind: 'lines';
  readonly lines: readonly string[];
  /** Numbers of the lines that they replace. */
  readonly replaced: ReadonlySet<number>;
}

export const filterName = 'spillway';

/** `before`: smtpd.conf without the guard. */
export function guardLines(
  settings: SmtpdGuardSettings,
  before: string,
  fileOf: FileOf,
): SmtpdGuardLines | TokenFault {
  const { filter, onFailure, program } = settings;
  if (parseGuardEndpoint(filter) === null || !/^\/[\w./+-]+$/.test(program))
    return fault(null, 1, 'the path of the guard or of its program has signs that mean something');
  const source = SmtpdSource.read(before, fileOf);
  if ('kind' in source) return source;
  const chains = new Map<string, readonly string[]>();
  for (const { words, file, line } of source.statements) {
    if (!isSign(words[0], 'filter') && !isSign(words[0], 'proc')) continue;
    const name = words[1]?.text ?? '';
    if (name === filterName)
      return fault(file, line, `something else is called "${filterName}" there already`);
    if (isSign(words[2], 'chain')) chains.set(name, namesIn(words.slice(3)));
  }
  const command = `${program} filter --guard ${filter} --on-failure ${onFailure}`;
  const lines = [`filter "${filterName}" proc-exec "${command}"`];
  const replaced = new Set<number>();
  let hasSocket = false;
  for (const statement of source.statements) {
    if (!isSign(statement.words[0], 'listen')) continue;
    const listener = addFilter(statement, source, before, chains);
    if (typeof listener !== 'string') return listener;
    lines.push(listener);
    hasSocket ||= isSign(statement.words[2], 'socket');
    const last = statement.raw.at(-1)?.end ?? 0;
    const count = before.slice(statement.raw[0]?.start, last).split('\n').length;
    for (let i = 0; i < count; i++) replaced.add(statement.line + i);
  }
  if (!hasSocket) lines.push(`listen on socket filter "${filterName}"`);
  return { kind: 'lines', lines, replaced };
}

/**
 * The guard goes first: what another filter calls junk, rewrites or lets bypass the rest is passed on to
 * none behind it.
 */
function addFilter(
  { words, raw, file, line }: SourceStatement,
  source: SmtpdSource,
  before: string,
  chains: ReadonlyMap<string, readonly string[]>,
): string | TokenFault {
  if (file !== null)
    return fault(file, line, 'a listener in an included file: move it into smtpd.conf itself');
  // At the end of the file it must mean the same.
  const later = source.expand(raw);
  if (typeof later === 'string' || textOf(later) !== textOf(words))
    return fault(file, line, 'a macro in it has another value further below');
  const own = findFilter(raw);
  const meant = findFilter(words);
  if ((own === null) !== (meant === null) || meant?.isOpen)
    return fault(file, line, 'its filter is in a macro: write it out');
  const kept = own ? [...raw.slice(0, own.start), ...raw.slice(own.end)] : raw;
  const others = meant?.names.flatMap((name) => chains.get(name) ?? [name]) ?? [];
  const names = [filterName, ...others].map((name) => `"${name}"`);
  const filter = names.length === 1 ? names[0] : `{ ${names.join(', ')} }`;
  const plain = kept.map(({ start, end }, index) => {
    const isApart = index > 0 && kept[index - 1]?.end !== start;
    return (isApart ? ' ' : '') + before.slice(start, end).replace(/\\?\n|\\$/g, '');
  });
  const made = `${plain.join('')} filter ${filter}`;
  return textOf(readWords(made).slice(0, kept.length)) === textOf(kept)
    ? made
    : fault(file, line, 'a listener that is not understood');
}

interface FilterPart {
  /** Of the words of the listener, from `filter` on. */
  readonly start: number;
  readonly end: number;
  readonly names: readonly string[];
  /** It begins with a macro, or is not closed. */
  readonly isOpen: boolean;
}

function findFilter(words: Statement): FilterPart | null {
  const start = words.findIndex((word) => isSign(word, 'filter'));
  if (start < 0) return null;
  const rest = words.slice(start + 1);
  if (!isSign(rest[0], '{')) {
    const name = rest[0]?.text ?? '';
    return { start, end: start + 2, names: [name], isOpen: name === '' };
  }
  const close = rest.findIndex((word) => isSign(word, '}'));
  return { start, end: start + 2 + close, names: namesIn(rest), isOpen: close < 0 };
}

/** `{ "a", "b" }`; commas may be left out. */
function namesIn(words: Statement): readonly string[] {
  const end = words.findIndex((word) => isSign(word, '}'));
  return words
    .slice(1, end < 0 ? undefined : end)
    .filter((word) => !isSign(word, ','))
    .map(({ text }) => text);
}

/** To compare. */
function textOf(words: readonly Word[]): string {
  return JSON.stringify(words.map(({ text, isQuoted }) => [text, isQuoted]));
}

function fault(file: string | null, line: number, problem: string): TokenFault {
  return { kind: 'fault', file, line, problem };
}
