/**
 * One router of an Exim configuration: whether it goes where an address says, and for which addresses.
 */
import type { ConfigLine } from './config-lines.ts';
import { isQuestion } from './guard-lines.ts';

export interface Router {
  readonly name: string;
  /** Of its name. */
  readonly line: ConfigLine;
  /** Null where it is not written plainly. */
  readonly driver: string | null;
  /** Options that tell which addresses it is for, with conditions (`.ifdef`) around them. */
  readonly preconditions: readonly string[];
  /** By hand. */
  readonly asksGuard: boolean;
  /** Why no router of ours may stand before it, as a sentence; null where one may. */
  readonly obstacle: string | null;
}

/** Drivers that ask DNS where mail goes, or take an address for the host itself. */
export const goingDrivers: readonly string[] = ['dnslookup', 'ipliteral'];

/** Exim's manual, 15.1 and 3.12: what is looked at before a router is run. */
const preconditionNames: ReadonlySet<string> = new Set([
  'address_test',
  'caseful_local_part',
  'check_local_user',
  'condition',
  'domains',
  'expn',
  'local_part_prefix',
  'local_part_prefix_optional',
  'local_part_suffix',
  'local_part_suffix_optional',
  'local_parts',
  'require_files',
  'router_home_directory',
  'senders',
  'verify',
  'verify_only',
  'verify_recipient',
]);

/** `domains = x`, `no_more`: the name without its denial. */
export function optionName(text: string): string | null {
  return /^(?:not?_)?([a-z][a-z0-9_]*)\s*(?:=|$)/.exec(text)?.[1] ?? null;
}

export function isPrecondition(text: string): boolean {
  const name = optionName(text);
  return name !== null && preconditionNames.has(name);
}

export function readRouter(name: string, line: ConfigLine, body: readonly ConfigLine[]): Router {
  const own = bodyWithin(body);
  const options = own.lines.filter(({ option }) => !option.isCondition);
  const drivers = options.filter(({ option }) => optionName(option.text) === 'driver');
  const told = drivers.map(({ option }) => option.text.replace(/^driver\s*=\s*/, ''));
  const driver = told.length === 1 && /^[a-z]+$/.test(told[0] ?? '') ? (told[0] ?? null) : null;
  const chosen = options.filter(({ option }) => isPrecondition(option.text));
  const isConditional = chosen.some(({ depth }) => depth > 0);
  const preconditions = own.lines
    .filter(({ option }) => (option.isCondition ? isConditional : isPrecondition(option.text)))
    .map(({ option }) => option.text);
  const asksGuard = options.some(({ option }) => isQuestion(option.text));
  const obstacle = own.obstacle ?? firstObstacle(options);
  return { name, line, driver, preconditions, asksGuard, obstacle };
}

interface Inner {
  readonly option: ConfigLine;
  /** How many conditions it stands in that begin behind the name. */
  readonly depth: number;
}

/**
 * Up to its last option and the end of the conditions around that. What follows belongs to the router behind: the end
 * of a condition that began before this one, macros.
 */
function bodyWithin(body: readonly ConfigLine[]): { lines: Inner[]; obstacle: string | null } {
  const lines: Inner[] = [];
  const last = body.findLast(({ isCondition, text }) => !isCondition && !isMacro(text));
  let depth = 0;
  let isOver = last === undefined;
  for (const option of body) {
    if (isOver && depth === 0) break;
    if (option.isCondition) {
      const [opens, closes] = [/^\.if/.test(option.text), /^\.endif/.test(option.text)];
      if (!opens && depth === 0 && last)
        return { lines, obstacle: `${place(last)} stands behind the end of a condition` };
      depth += opens ? 1 : closes ? -1 : 0;
    }
    lines.push({ option, depth });
    isOver ||= option === last;
  }
  return { lines, obstacle: null };
}

function firstObstacle(options: readonly Inner[]): string | null {
  for (const { option, depth } of options) {
    const { text } = option;
    const name = optionName(text);
    if (isMacro(text)) return `${place(option)} defines a macro within it`;
    if (name === null || option.isBroken) return `${place(option)} is not understood: ${text}`;
    if (name === 'driver' && depth > 0) return `${place(option)} is under a condition: ${text}`;
    if (/^unseen(\s*=\s*(true|yes))?$/.test(text))
      return `it is unseen: the routers behind it get the address as well`;
    if (name === 'self' && !/^self\s*=\s*(freeze|fail|defer)$/.test(text))
      return `${text}: mail whose MX is this machine is Exim's own affair there`;
  }
  return null;
}

/** A macro is defined, wherever in a configuration. */
function isMacro(text: string): boolean {
  return /^[A-Z]\w*\s*=/.test(text);
}

function place({ path, number }: ConfigLine): string {
  return `${path} line ${number}`;
}
