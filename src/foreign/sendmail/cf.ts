/**
 * sendmail.cf itself, where there is no sendmail.mc to make it of. Text is latin1.
 *
 * The block stands at the end and changes no line above it: sendmail takes the last `O` line of a
 * name, and rules that follow another `S` line of the same name are appended to that ruleset.
 */

import type { BlockFault, BlockStyle, BlockWords } from '../marked-block.ts';
import { type CfFacts, readCf } from './cf-facts.ts';
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

/** What sendmail's own m4 files list (cfhead.m4); without it a filter hears of no macro. */
const usualMacros: readonly [stage: string, macros: string][] = [
  ['connect', 'j, _, {daemon_name}, {if_name}, {if_addr}'],
  [
    'envfrom',
    'i, {auth_type}, {auth_authen}, {auth_ssf}, {auth_author}, {mail_mailer}, {mail_host}, {mail_addr}',
  ],
  ['envrcpt', '{rcpt_mailer}, {rcpt_host}, {rcpt_addr}'],
];

const style: BlockStyle = {
  comment: '#',
  lines: (words) => {
    const settings = readSettings(words);
    return settings && cfLines(settings, words);
  },
};

function cfLines(settings: GuardSettings, words: BlockWords): string[] {
  const others = words.get('filters')?.split(',') ?? [];
  const missing = words.get('macros')?.split(',') ?? [];
  return [
    '# Taken out by: spillway install sendmail --remove',
    ...mapLines(settings),
    `O InputMailFilters=${[...others, filterName].join(', ')}`,
    ...usualMacros.flatMap(([stage, macros]) =>
      missing.includes(stage) ? [`O Milter.macros.${stage}=${macros}`] : [],
    ),
    `X${filterName}, ${filterEquates(settings)}`,
    ...(settings.onFailure === 'closed' ? ['SParseLocal', waitRule] : []),
    ...rulesetLines(settings),
  ];
}

export function addToCf(text: string, settings: GuardSettings): Edit {
  return putBlock(text, style, (bare) => {
    const facts = readCf(bare);
    const problem = findConflict(facts, settings);
    if (problem !== null) return editFault(problem);
    const words = writeSettings(settings);
    const missing = usualMacros
      .map(([stage]) => stage)
      .filter((stage) => !facts.milterMacros.has(stage));
    if (facts.inputFilters.length > 0) words.set('filters', facts.inputFilters.join(','));
    if (missing.length > 0) words.set('macros', missing.join(','));
    return words;
  });
}

export function removeFromCf(text: string): Edit {
  return takeBlock(text, style);
}

export function settingsInCf(text: string): GuardSettings | BlockFault | null {
  return settingsIn(text, style);
}

/** What stands in the way in a sendmail.cf that has no block of ours. */
export function findConflict(facts: CfFacts, settings: GuardSettings): string | null {
  // Before level 9, parentheses in rules are comments.
  if (facts.level < 9)
    return facts.level === 0
      ? 'no V line, so this is no sendmail.cf that we know'
      : `a configuration of level ${facts.level}; the rules need 9 or more`;
  for (const number of ['0', '3'])
    if (!facts.rulesets.has(number)) return `no ruleset ${number}, so addresses cannot be resolved`;
  for (const name of ownRulesets)
    if (facts.rulesets.has(name)) return `a ruleset ${name} of its own, which the guard needs`;
  for (const name of ownMaps)
    if (facts.maps.has(name)) return `a map ${name} of its own, which the guard needs`;
  if (facts.filters.has(filterName)) return `a filter ${filterName} of its own`;
  if (facts.inputFilters.some((name) => !/^[\w.-]+$/.test(name)))
    return 'a name in O InputMailFilters that we cannot read';
  if (settings.onFailure === 'closed' && !facts.rulesets.has('parselocal'))
    return 'no ruleset ParseLocal, which waiting for the guard needs (--on-failure open does not)';
  return null;
}
