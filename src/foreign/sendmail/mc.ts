/**
 * sendmail.mc: the m4 source of a sendmail.cf, with the guard's lines and without.
 *
 * The order of sections in it does not matter: proto.m4, which puts them in place, comes at the end
 * of all input. Text is latin1.
 */

import type { BlockFault, BlockStyle } from '../marked-block.ts';
import {
  type Edit,
  editFault,
  putBlock,
  readSettings,
  settingsIn,
  takeBlock,
  writeSettings,
} from './edit.ts';
import {
  filterEquates,
  filterName,
  mapLines,
  ownMaps,
  ownRulesets,
  rulesetLines,
  waitRule,
} from './guard-rules.ts';
import type { GuardSettings } from './guard-settings.ts';

const style: BlockStyle = {
  comment: 'dnl #',
  lines: (words) => {
    const settings = readSettings(words);
    return settings && mcLines(settings);
  },
};

function mcLines(settings: GuardSettings): string[] {
  return [
    'dnl # Taken out by: spillway install sendmail --remove',
    `INPUT_MAIL_FILTER(\`${filterName}', \`${filterEquates(settings)}')dnl`,
    'LOCAL_CONFIG',
    ...mapLines(settings),
    ...(settings.onFailure === 'closed' ? ['LOCAL_RULE_0', waitRule] : []),
    'LOCAL_RULESETS',
    ...rulesetLines(settings),
  ];
}

export function addToMc(text: string, settings: GuardSettings): Edit {
  return putBlock(text, style, (bare) => {
    const conflict = findConflict(bare);
    return conflict ? editFault(conflict.problem, conflict.line) : writeSettings(settings);
  });
}

export function removeFromMc(text: string): Edit {
  return takeBlock(text, style);
}

export function settingsInMc(text: string): GuardSettings | BlockFault | null {
  return settingsIn(text, style);
}

const conflicts: readonly [pattern: RegExp, problem: string][] = [
  [
    /FEATURE\s*\(\s*`?compat_check\b/,
    'FEATURE(compat_check) defines the ruleset check_compat, which the guard needs',
  ],
  [
    new RegExp(`^S(${ownRulesets.join('|')})\\b`, 'i'),
    'a ruleset of your own with a name that the guard needs',
  ],
  [
    new RegExp(`^K(${ownMaps.join('|')})\\b`, 'i'),
    'a map of your own with a name that the guard needs',
  ],
  [
    new RegExp(`MAIL_FILTER\\s*\\(\\s*\`?${filterName}\\b`),
    `a filter of your own with the name ${filterName}`,
  ],
];

function findConflict(text: string): { line: number; problem: string } | null {
  const lines = text.split('\n').map((line) => line.replace(/\bdnl\b.*$/, ''));
  for (const [pattern, problem] of conflicts) {
    const index = lines.findIndex((line) => pattern.test(line));
    if (index >= 0) return { line: index + 1, problem };
  }
  return null;
}
