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
import { readRefusal, readTargets, refusalMark } from './map-value.ts';

/** `table`: the current one; it changes when the file does. */
export function createMapList(
  source: MapSource,
  expands: boolean,
  table: () => CompactTable,
): NameList {
  const known: RecipientFacts = { kind: 'known', how: `listed in ${source.path}` };
  const mailbox: Finding = { facts: known, targets: noTargets };
  const hasWildcards = source.kind === 'virtusertable';

  function toFinding(names: CompactTable, entry: number, localPart: string): Finding {
    const first = names.firstOctet(entry);
    if (first === refusalMark) {
      const facts = readRefusal(names.valueOf(entry), source.path);
      return { facts: facts ?? known, targets: noTargets };
    }
    if (first === 0 || !expands) return mailbox;
    const targets = () => {
      const listed = readTargets(names.valueOf(entry));
      return hasWildcards ? listed.map((target) => fillIn(target, localPart)) : listed;
    };
    return { facts: known, targets };
  }

  function find(localPart: string, domain: string): Finding | null {
    const names = table();
    let entry = names.find(`${localPart}@${domain}`);
    if (entry < 0) entry = names.find(localPart);
    if (entry < 0 && hasWildcards) entry = findDetailed(names, localPart, domain);
    return entry < 0 ? null : toFinding(names, entry, localPart);
  }

  function findDetailed(names: CompactTable, localPart: string, domain: string): number {
    const plus = localPart.indexOf('+', 1);
    const base = plus < 0 ? localPart : localPart.slice(0, plus);
    const hasDetail = plus > 0 && plus < localPart.length - 1;
    const entry = hasDetail ? names.find(`${base}++@${domain}`) : -1;
    return entry < 0 ? names.find(`${base}+*@${domain}`) : entry;
  }

  function findOthers(localPart: string, domain: string): Finding | null {
    const names = table();
    let entry = hasWildcards ? names.find(`+*@${domain}`) : -1;
    if (entry < 0) entry = names.find(`@${domain}`);
    return entry < 0 ? null : toFinding(names, entry, localPart);
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
