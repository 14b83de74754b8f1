/**
 * Puts the guard into smtpd.conf and takes it out again, to the byte: the listeners are put aside where
 * they stand, and stand anew, with the filter in them, in a block at the end.
 *
 * What the block says depends on filters that are defined elsewhere, in other files as well, and may change
 * without it. So its first mark holds a sum of its lines, by which they are known to be ours.
 */
import { crc32 } from 'node:zlib';
import { failureModes } from '../../mail/failure-mode.ts';
import {
  addBlock,
  type BlockFault,
  type BlockStyle,
  type BlockWords,
  findBlock,
  linesWithin,
  removeBlock,
} from '../marked-block.ts';
import { findLeftAside, putAside, putBack } from '../put-aside.ts';
import type { FileOf, TokenFault } from './config-tokens.ts';
import { guardLines, type SmtpdGuardSettings } from './guard-lines.ts';

const comment = '#';

/** The settings of the block that is there; null without one; a fault also where what it put aside stands there alone. */
export function guardIn(text: string): SmtpdGuardSettings | BlockFault | null {
  const block = findBlock(text, styleOf(text));
  if (block === null) return findLeftAside(text);
  return 'kind' in block ? block : readWords(block.words);
}

/** Text without a block of ours, in which nothing was put aside. */
export function addGuard(
  text: string,
  settings: SmtpdGuardSettings,
  fileOf: FileOf,
): string | TokenFault {
  const made = guardLines(settings, text, fileOf);
  if (made.kind === 'fault') return made;
  const words = formatWords(settings, made.lines);
  return addBlock(putAside(text, made.replaced), words, {
    comment,
    lines: () => made.lines,
  });
}

/** As it was before `addGuard`; what somebody else wrote since stays. */
export function removeGuard(text: string): string | BlockFault {
  const block = findBlock(text, styleOf(text));
  if (block === null) return findLeftAside(text) ?? text;
  return 'kind' in block ? block : putBack(removeBlock(text, block));
}

/** Of the block that stands there: what its sum vouches for is as we wrote it. */
function styleOf(text: string): BlockStyle {
  return {
    comment,
    lines(words) {
      if (!readWords(words)) return null;
      const lines = linesWithin(text, comment);
      return words.get('sum') === sumOf(lines) ? lines : [];
    },
  };
}

function sumOf(lines: readonly string[]): string {
  return crc32(lines.join('\n')).toString(16).padStart(8, '0');
}

function formatWords(settings: SmtpdGuardSettings, lines: readonly string[]): BlockWords {
  const { filter, onFailure, program } = settings;
  return new Map([
    ['filter', filter],
    ['on-failure', onFailure],
    ['program', program],
    ['sum', sumOf(lines)],
  ]);
}

function readWords(words: BlockWords): SmtpdGuardSettings | null {
  const onFailure = failureModes.find((mode) => mode === words.get('on-failure'));
  const filter = words.get('filter');
  const program = words.get('program');
  return filter && onFailure && program ? { filter, onFailure, program } : null;
}
