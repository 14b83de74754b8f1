/**
 * The guard's parts of an Exim configuration, each a marked block where it belongs.
 */
import { failureModes } from '../../mail/failure-mode.ts';
import {
  type BlockFault,
  type BlockStyle,
  type BlockWords,
  findBlocks,
  insertBlock,
  removeBlock,
} from '../marked-block.ts';
import {
  type EximGuard,
  formatEximSocket,
  mailLines,
  rcptLines,
  routerLines,
} from './guard-lines.ts';

export type Part =
  /** Behind the name of an ACL. */
  | { readonly kind: 'mail' | 'rcpt' }
  /** Before the router of this name. */
  | { readonly kind: 'router'; readonly router: string; readonly preconditions: readonly string[] }
  /** Where there is no ACL for MAIL: its name in the main part, and the ACL itself. */
  | { readonly kind: 'option' | 'acl' };

/** Of an ACL that we make. */
export const ownAcl = 'spillway_check_mail';

/** Throws TypeError for a socket that Exim could not read. */
export function partLines(guard: EximGuard, part: Part): string[] {
  switch (part.kind) {
    case 'mail':
      return mailLines(guard);
    case 'rcpt':
      return rcptLines(guard);
    case 'router':
      return routerLines(guard, routerName(part.router), part.preconditions);
    case 'option':
      return [`acl_smtp_mail = ${ownAcl}`];
    case 'acl':
      return [`${ownAcl}:`, ...mailLines(guard), '  accept'];
  }
}

/** Exim takes 64 characters. */
function routerName(name: string): string {
  return `spillway_${name}`.slice(0, 63);
}

/** What the blocks in a text were made of, in their order. */
export function guardsIn(text: string): readonly EximGuard[] | BlockFault {
  const blocks = findBlocks(text, style);
  if ('kind' in blocks) return blocks;
  return blocks.flatMap(({ words }) => readWords(words)?.guard ?? []);
}

/** As it was before; what somebody else wrote since stays. */
export function removeGuard(text: string): string | BlockFault {
  const blocks = findBlocks(text, style);
  return 'kind' in blocks ? blocks : blocks.reduceRight(removeBlock, text);
}

/** `at`: where a line begins, or the end of the text. */
export interface Placed {
  readonly at: number;
  readonly part: Part;
}

/** Into a text without blocks of ours; where two stand at one place, in their order. */
export function placeParts(text: string, guard: EximGuard, parts: readonly Placed[]): string {
  let after = text;
  // From the end, so that the places before it stay.
  for (const place of new Set(parts.map(({ at }) => at).toSorted((a, b) => b - a))) {
    let here = place;
    for (const { part } of parts.filter(({ at }) => at === place)) {
      const longer = insertBlock(after, here, formatWords(guard, part), style);
      here += longer.length - after.length;
      after = longer;
    }
  }
  return after;
}

const style: BlockStyle = {
  comment: '#',
  lines(words) {
    const read = readWords(words);
    return read && partLines(read.guard, read.part);
  },
};

function formatWords({ readsocket, onFailure }: EximGuard, part: Part): BlockWords {
  const own: [string, string][] =
    part.kind === 'router'
      ? [
          ['router', part.router],
          ['if', encodeWord(part.preconditions.join('\n'))],
        ]
      : [];
  return new Map([
    ['part', part.kind],
    ...own.filter(([, value]) => value !== ''),
    ['readsocket', readsocket],
    ['on-failure', onFailure],
  ]);
}

function readWords(words: BlockWords): { guard: EximGuard; part: Part } | null {
  const readsocket = words.get('readsocket') ?? '';
  const onFailure = failureModes.find((mode) => mode === words.get('on-failure'));
  const part = readPart(words);
  if (!onFailure || !part || formatEximSocket(readsocket) === null) return null;
  return { guard: { readsocket, onFailure }, part };
}

function readPart(words: BlockWords): Part | null {
  const kind = words.get('part');
  const router = words.get('router');
  switch (kind) {
    case 'mail':
    case 'rcpt':
    case 'option':
    case 'acl':
      return { kind };
    case 'router': {
      const told = decodeWord(words.get('if') ?? '');
      if (router === undefined || told === null) return null;
      return { kind, router, preconditions: told === '' ? [] : told.split('\n') };
    }
    default:
      return null;
  }
}

/** Of latin1 text; words of a block hold neither blanks nor parentheses, nor `=`. */
function encodeWord(text: string): string {
  return text.replace(
    /[^\w.+:;,/!*-]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
}

function decodeWord(text: string): string | null {
  if (/%(?![0-9A-F]{2})/.test(text)) return null;
  return text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
