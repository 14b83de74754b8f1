/**
 * The change of a configuration: text in, text out, and what stands in the way as a value.
 */
import { type FailureMode, failureModes } from '../../mail/failure-mode.ts';
import { parseGuardEndpoint } from '../guard-endpoint.ts';
import {
  addBlock,
  type Block,
  type BlockFault,
  type BlockStyle,
  type BlockWords,
  findBlock,
  removeBlock,
} from '../marked-block.ts';
import type { GuardSettings } from './guard-settings.ts';

export type Edit =
  | { readonly kind: 'changed'; readonly text: string }
  /** It is as it should be already. */
  | { readonly kind: 'same' }
  /** Why we leave it alone; `line` counts from 1. */
  | { readonly kind: 'fault'; readonly problem: string; readonly line: number | null };

export function editFault(problem: string, line: number | null = null): Edit {
  return { kind: 'fault', problem, line };
}

/**
 * Puts a block at the end of the text, in place of an older one. `plan` sees the text without any and
 * gives the words for it, or what stands in the way.
 */
export function putBlock(
  text: string,
  style: BlockStyle,
  plan: (bare: string) => BlockWords | Edit,
): Edit {
  const block = findBlock(text, style);
  if (block && 'kind' in block) return block;
  const bare = block ? removeBlock(text, block) : text;
  const words = plan(bare);
  if ('kind' in words) return words;
  const changed = addBlock(bare, words, style);
  return changed === text ? { kind: 'same' } : { kind: 'changed', text: changed };
}

export function takeBlock(text: string, style: BlockStyle): Edit {
  const block = findBlock(text, style);
  if (block === null) return { kind: 'same' };
  return 'kind' in block ? block : { kind: 'changed', text: removeBlock(text, block) };
}

/** What the block in the text was made of; null without one. */
export function settingsIn(text: string, style: BlockStyle): GuardSettings | BlockFault | null {
  const block: Block | BlockFault | null = findBlock(text, style);
  return block === null || 'kind' in block ? block : readSettings(block.words);
}

export function writeSettings(settings: GuardSettings): Map<string, string> {
  return new Map([
    ['socketmap', settings.socketmap],
    ['milter', settings.milter],
    ['on-failure', settings.onFailure],
  ]);
}

export function readSettings(words: BlockWords): GuardSettings | null {
  const socketmap = words.get('socketmap') ?? '';
  const milter = words.get('milter') ?? '';
  const onFailure: FailureMode | undefined = failureModes.find(
    (mode) => mode === words.get('on-failure'),
  );
  if (!parseGuardEndpoint(socketmap) || !parseGuardEndpoint(milter) || !onFailure) return null;
  return { socketmap, milter, onFailure };
}
