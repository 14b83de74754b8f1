/**
 * The addresses that are done: a tree in preorder, `YN address`, or `XX` for none.
 *
 * The letters tell whether a left and a right branch follow. Only the set of addresses is of interest,
 * so the branches are counted: no depth, however hostile, costs more than its lines.
 */
import type { SpoolFault, SpoolLines } from './spool-lines.ts';

const none: ReadonlySet<string> = new Set();

/** `lines` stands at the first line of the tree; leaves it at the last. */
export function readNonRecipients(lines: SpoolLines): ReadonlySet<string> | SpoolFault {
  if (lines.has('XX', lines.start) && lines.end === lines.start + 2) return none;
  const addresses = new Set<string>();
  for (let branches = 1; branches > 0; ) {
    const [left, right] = [lines.octet(0), lines.octet(1)];
    if (!isFlag(left) || !isFlag(right) || lines.octet(2) !== ' ' || lines.octet(3) === '')
      return lines.faultHere('XX, or two of Y and N and an address');
    addresses.add(lines.text(lines.start + 3));
    branches += (left === 'Y' ? 1 : 0) + (right === 'Y' ? 1 : 0) - 1;
    if (branches > 0 && !lines.next()) return lines.faultAfter('another address that is done');
  }
  return addresses;
}

function isFlag(octet: string): boolean {
  return octet === 'Y' || octet === 'N';
}
