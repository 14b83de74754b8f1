/**
 * A map as a domain asks it: with the other server's own order of keys.
 *
 * virtual(5): `user@domain`, `user`, at last `@domain`. cf/README: before that `user++@domain` where
 * there is a detail, `user+*@domain` with or without one, and `+*@domain`.
 */
import type { RecipientFacts } from '../verdict/recipient-facts.ts';
import type { CompactTable } from './compact-table.ts';
import type { Finding, NameList } from './domain-names.ts';
import type { MapSource } from './hosted-domain.ts';
import { readRefusal, readTargets } from './map-value.ts';

/** `table`: the current one; it changes when the file does. */
export function createMapList(
  source: MapSource,
  expands: boolean,
  table: () => CompactTable,
): NameList {
  const how = `listed in ${source.path}`;
  const known: RecipientFacts = { kind: 'known', how };
  const mailbox: Finding = { facts: known, targets: null };
  const hasWildcards = source.kind === 'virtusertable';

  function toFinding(value: string, localPart: string): Finding {
    if (value === '') return mailbox;
    const refusal = readRefusal(value, source.path);
    if (refusal) return { facts: refusal, targets: null };
    if (!expands) return mailbox;
    const targets = readTargets(value);
    if (!targets || !hasWildcards) return { facts: known, targets };
    return { facts: known, targets: targets.map((target) => fillIn(target, localPart)) };
  }

  function find(localPart: string, domain: string): Finding | null {
    const names = table();
    const value = names.get(`${localPart}@${domain}`) ?? names.get(localPart);
    if (value !== undefined) return toFinding(value, localPart);
    return hasWildcards ? findDetailed(names, localPart, domain) : null;
  }

  function findDetailed(names: CompactTable, localPart: string, domain: string): Finding | null {
    const plus = localPart.indexOf('+', 1);
    const base = plus < 0 ? localPart : localPart.slice(0, plus);
    const hasDetail = plus > 0 && plus < localPart.length - 1;
    const value =
      (hasDetail ? names.get(`${base}++@${domain}`) : undefined) ??
      names.get(`${base}+*@${domain}`);
    return value === undefined ? null : toFinding(value, localPart);
  }

  function findOthers(localPart: string, domain: string): Finding | null {
    const names = table();
    const value = (hasWildcards ? names.get(`+*@${domain}`) : undefined) ?? names.get(`@${domain}`);
    return value === undefined ? null : toFinding(value, localPart);
  }

  return { find, findOthers };
}

/** `%1`: the name, `%2`: its detail, `%3`: the detail with its `+`. */
function fillIn(target: string, localPart: string): string {
  if (!target.includes('%')) return target;
  const plus = localPart.indexOf('+', 1);
  const [name, detail] =
    plus < 0 ? [localPart, ''] : [localPart.slice(0, plus), localPart.slice(plus + 1)];
  return target
    .replaceAll('%1', () => name)
    .replaceAll('%2', () => detail)
    .replaceAll('%3', () => (plus < 0 ? '' : `+${detail}`));
}
