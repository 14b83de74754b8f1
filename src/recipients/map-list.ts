/**
 * A map as a domain asks it: with the other server's own order of keys.
 *
 * virtual(5): `user@domain`, `user`, at last `@domain`. cf/README: before that `user++@domain` where
 * there is a detail, `user+*@domain` with or without one, and `+*@domain`.
 */
import type { RecipientFacts } from '../verdict/recipient-facts.ts';
import type { CompactTable } from './compact-table.ts';
import { type Finding, type NameList, noTargets } from './domain-names.ts';
import type { MapSource } from './hosted-domain.ts';
import type { MapNames } from './map-load.ts';
import { readRefusal, readTargets, refusalMark } from './map-value.ts';

/** `names`: the current ones; they change when the file does. */
export function createMapList(
  source: MapSource,
  expands: boolean,
  names: () => MapNames,
): NameList {
  const known: RecipientFacts = { kind: 'known', how: `listed in ${source.path}` };
  const mailbox: Finding = { facts: known, targets: noTargets };
  const hasWildcards = source.kind === 'virtusertable';

  function toFinding(table: CompactTable, entry: number, localPart: string): Finding {
    const first = table.firstOctet(entry);
    if (first === refusalMark) {
      const facts = readRefusal(table.valueOf(entry), source.path);
      return { facts: facts ?? known, targets: noTargets };
    }
    if (first === 0 || !expands) return mailbox;
    const targets = () => {
      const listed = readTargets(table.valueOf(entry));
      return hasWildcards ? listed.map((target) => fillIn(target, localPart)) : listed;
    };
    return { facts: known, targets };
  }

  function find(localPart: string, domain: string): Finding | null {
    const { table, hasBare } = names();
    let entry = table.find(`${localPart}@${domain}`);
    if (entry < 0 && hasBare) entry = table.find(localPart);
    if (entry < 0 && hasWildcards) entry = findDetailed(table, localPart, domain);
    return entry < 0 ? null : toFinding(table, entry, localPart);
  }

  function findDetailed(table: CompactTable, localPart: string, domain: string): number {
    const plus = localPart.indexOf('+', 1);
    const base = plus < 0 ? localPart : localPart.slice(0, plus);
    const hasDetail = plus > 0 && plus < localPart.length - 1;
    const entry = hasDetail ? table.find(`${base}++@${domain}`) : -1;
    return entry < 0 ? table.find(`${base}+*@${domain}`) : entry;
  }

  function findOthers(localPart: string, domain: string): Finding | null {
    const { table, hasCatchAll } = names();
    if (!hasCatchAll) return null;
    let entry = hasWildcards ? table.find(`+*@${domain}`) : -1;
    if (entry < 0) entry = table.find(`@${domain}`);
    return entry < 0 ? null : toFinding(table, entry, localPart);
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
