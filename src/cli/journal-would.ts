/**
 * `spillway journal --would`: what checks that only watch would have done, and what to write in
 * spillway.toml so that they do it.
 */
import { createWouldTally, type WouldGroup, type WouldPart } from '../journal/would.ts';
import { printable } from '../mail/printable.ts';
import type { StoredReceipt } from '../store/journal-store.ts';
import type { Check } from '../verdict/verdict.ts';
import { reasonInWords } from './journal-text.ts';
import { formatLocalTime, formatNumber, jsonLine, type Output } from './output.ts';

const done = {
  refuse: 'would be refused',
  defer: 'would be deferred',
  discard: 'would be discarded',
  quarantine: 'would be quarantined',
} as const;

async function groupsOf(receipts: AsyncIterable<StoredReceipt>): Promise<WouldGroup[]> {
  const tally = createWouldTally();
  for await (const receipt of receipts) tally.add(receipt);
  return tally.groups();
}

/** One document for each group, the largest first. */
export async function printWouldJson(
  receipts: AsyncIterable<StoredReceipt>,
  output: Output,
): Promise<void> {
  for (const group of await groupsOf(receipts))
    await output.line(
      jsonLine({ ...withDates(group), parts: group.parts.map((part) => withDates(part)) }),
    );
}

function withDates<T extends { readonly from: number; readonly until: number }>(sum: T) {
  const { from, until } = sum;
  return { ...sum, from: new Date(from).toISOString(), until: new Date(until).toISOString() };
}

export async function printWould(
  receipts: AsyncIterable<StoredReceipt>,
  output: Output,
): Promise<void> {
  const groups = await groupsOf(receipts);
  if (groups.length === 0)
    return output.line(
      'Nothing in the journal fits: no check that watches would have done anything.',
    );
  for (const group of groups) {
    const { check, action, count, reason } = group;
    const headline = `${formatNumber(count)} ${done[action]} (${check}): ${reasonInWords(reason)}`;
    await output.line(output.style('bold', headline));
    await output.line(`  ${span(group)}`);
    for (const part of group.parts) await output.line(`  ${formatPart(part)}`);
    if (group.rest.count > 0) await output.line(`  ${formatRest(group.rest)}`);
    await output.line('');
  }
  await output.line('Each receipt: add --each. To have it done, in spillway.toml:');
  for (const check of new Set(groups.map((group) => group.check)))
    for (const line of advice(check, groups)) await output.line(line);
  await output.line('and have the server read it again: kill -HUP, or systemctl reload spillway.');
}

/** `    12,345  hosted.example  such as x1@hosted.example, x2@hosted.example` */
function formatPart({ subject, count, samples }: WouldPart): string {
  const who = subject === null ? 'no domain, no client' : printable(subject);
  const shown = samples.map((sample) => `<${printable(sample)}>`).join(', ');
  return `${formatNumber(count).padStart(10)}  ${who}${shown === '' ? '' : `  such as ${shown}`}`;
}

function formatRest({ count, subjects }: WouldGroup['rest']): string {
  const others = subjects === null ? 'many others' : `${formatNumber(subjects)} others`;
  return `${formatNumber(count).padStart(10)}  ${others}`;
}

function span({ from, until }: WouldGroup): string {
  return `first ${formatLocalTime(from)}, last ${formatLocalTime(until)}`;
}

/** What is deferred may be so because the check fails open. */
function advice(check: Check, groups: readonly WouldGroup[]): string[] {
  const defers = groups.some((group) => group.check === check && group.action === 'defer');
  return [
    `  [checks.${printable(check)}]`,
    '  mode = "enforce"',
    ...(defers ? ['  onFailure = "closed"     # without it, what would be deferred passes'] : []),
  ];
}
