/**
 * Postfix's tables in the text that postmap reads: virtual_alias_maps, virtual_mailbox_maps,
 * relay_recipient_maps.
 *
 * postmap(1): `key value`, a line that begins with a blank continues the one before. virtual(5): the
 * value of an alias is a list of addresses, divided by commas or blanks.
 */
import { type MapEntryReading, splitKey } from '../map-entry.ts';

/** `line`: a logical line (map-lines.ts). */
export function parseVirtualAlias(line: string): MapEntryReading {
  const { key, value } = splitKey(line);
  const pattern = patternProblem(key);
  if (pattern) return pattern;
  const targets = value.match(/(?:"(?:[^"\\]|\\.)*"|[^\s,"])+/g) ?? [];
  if (targets.length === 0) return { problem: `"${key}" stands for nothing` };
  return { key, value: { kind: 'alias', targets } };
}

/** Only the key counts; the value is a path or any word. */
export function parseRecipient(line: string): MapEntryReading {
  const { key } = splitKey(line);
  return patternProblem(key) ?? { key, value: { kind: 'exists' } };
}

/** pcre_table(5) and regexp_table(5): `/pattern/flags value`, `if /pattern/`, `endif`. */
function patternProblem(key: string): { problem: string } | null {
  if (!/^(?:!?\/|if$|endif$)/i.test(key)) return null;
  return { problem: 'a pattern of a pcre or regexp table, which cannot be read here' };
}
