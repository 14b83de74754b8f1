/**
 * Puts the guard into main.cf and takes it out again, to the byte: the definitions it changes are put
 * aside where they stand, and stand anew, with the guard in them, in a block at the end.
 */
import { failureModes } from '../../mail/failure-mode.ts';
import {
  addBlock,
  type BlockFault,
  type BlockStyle,
  type BlockWords,
  findBlock,
  removeBlock,
  withoutBlock,
} from '../marked-block.ts';
import { findLeftAside, putBack } from '../put-aside.ts';
import { type GuardFault, guardLines, parametersOf } from './guard-lines.ts';
import { defaultPostfixGuardSettings, hooks, type PostfixGuardSettings } from './guard-settings.ts';
import { putParametersAside, readParameters } from './main-cf.ts';

/** The settings of the block that is there; null without one; a fault also where what it put aside stands there alone. */
export function guardIn(text: string): PostfixGuardSettings | BlockFault | null {
  const block = findBlock(text, styleFor(readBefore(text)));
  if (block === null) return findLeftAside(text);
  return 'kind' in block ? block : (readWords(block.words)?.settings ?? null);
}

/** Text without a block of ours, in which nothing was put aside. */
export function addGuard(
  text: string,
  settings: PostfixGuardSettings,
  queueFolder: string,
): string | GuardFault {
  const before = readParameters(text);
  const made = guardLines(settings, queueFolder, before);
  if (made.kind === 'fault') return made;
  const names = new Set(settings.hooks.flatMap((hook) => parametersOf[hook]));
  return addBlock(
    putParametersAside(text, names),
    formatWords(settings, queueFolder),
    styleFor(before),
  );
}

/** As it was before `addGuard`; what somebody else wrote since stays. */
export function removeGuard(text: string): string | BlockFault {
  const block = findBlock(text, styleFor(readBefore(text)));
  if (block === null) return findLeftAside(text) ?? text;
  return 'kind' in block ? block : putBack(removeBlock(text, block));
}

/** What the parameters said before there was a block. */
function readBefore(text: string): Map<string, string> {
  return readParameters(putBack(withoutBlock(text, '#')));
}

function styleFor(before: ReadonlyMap<string, string>): BlockStyle {
  return {
    comment: '#',
    lines(words) {
      const read = readWords(words);
      if (!read) return null;
      const made = guardLines(read.settings, read.queueFolder, before);
      return made.kind === 'lines' ? made.lines : null;
    },
  };
}

function formatWords(settings: PostfixGuardSettings, queueFolder: string): BlockWords {
  const { milter, policy, socketmap, sink, onFailure } = settings;
  return new Map([
    ['hooks', settings.hooks.join(',')],
    ['milter', milter],
    ['policy', policy],
    ['socketmap', socketmap],
    ['sink', sink],
    ['on-failure', onFailure],
    ['queue', queueFolder],
  ]);
}

function readWords(
  words: BlockWords,
): { settings: PostfixGuardSettings; queueFolder: string } | null {
  const told = words.get('hooks')?.split(',') ?? [];
  const chosen = hooks.filter((hook) => told.includes(hook));
  const [milter, policy, socketmap] = ['milter', 'policy', 'socketmap'].map((name) =>
    words.get(name),
  );
  const sink = words.get('sink') ?? defaultPostfixGuardSettings.sink;
  const onFailure = failureModes.find((mode) => mode === words.get('on-failure'));
  const queueFolder = words.get('queue');
  if (chosen.length === 0 || chosen.length !== told.length) return null;
  if (!milter || !policy || !socketmap || !onFailure || !queueFolder) return null;
  return { settings: { hooks: chosen, milter, policy, socketmap, sink, onFailure }, queueFolder };
}
