/**
 * Macros: what the mail server knows, sent ahead of the command that it belongs to.
 *
 * sendmail libmilter/engine.c: a stage clears what later stages said before, and a look-up falls
 * back to earlier stages. Only the macros that we use are kept, so memory is bounded.
 */
import type { MacroStage } from './commands.ts';

/** In the order of a conversation. */
const stages: readonly MacroStage[] = ['C', 'H', 'M', 'R', 'T', 'N', 'E'];

const kept: ReadonlySet<string> = new Set([
  'i',
  'j',
  'v',
  'mail_mailer',
  'mail_host',
  'mail_addr',
  'rcpt_mailer',
  'rcpt_host',
  'rcpt_addr',
]);

/** Far above any real value. */
const valueLimit = 1000;

type Scope = ReadonlyMap<string, string>;

/** One scope for each stage; null where nothing was said. */
export type Macros = readonly (Scope | null)[];

export const noMacros: Macros = stages.map(() => null);

/** `pairs` are names and values in turn. */
export function setMacros(macros: Macros, stage: MacroStage, pairs: readonly string[]): Macros {
  const at = stages.indexOf(stage);
  if (pairs.length < 2 && macros[at] === null) return macros;
  const scope = new Map<string, string>();
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = bareName(pairs[i] ?? '');
    if (kept.has(name)) scope.set(name, (pairs[i + 1] ?? '').slice(0, valueLimit));
  }
  return macros.with(at, scope.size > 0 ? scope : null);
}

/** Forgets what was said at this stage and later. */
export function clearFrom(macros: Macros, stage: MacroStage): Macros {
  const first = stages.indexOf(stage);
  if (macros.every((scope, at) => at < first || scope === null)) return macros;
  return macros.map((scope, at) => (at < first ? scope : null));
}

/** Forgets what was said at later stages. */
export function clearAfter(macros: Macros, stage: MacroStage): Macros {
  const next = stages[stages.indexOf(stage) + 1];
  return next === undefined ? macros : clearFrom(macros, next);
}

/** The latest value that is known at `stage`; `name` without braces. */
export function macroAt(macros: Macros, stage: MacroStage, name: string): string | null {
  for (let at = stages.indexOf(stage); at >= 0; at--) {
    const value = macros[at]?.get(name);
    if (value !== undefined) return value;
  }
  return null;
}

/** Names of one letter come bare, longer ones in braces; some programs send braces around all. */
function bareName(name: string): string {
  return name.startsWith('{') && name.endsWith('}') ? name.slice(1, -1) : name;
}
