/**
 * Receipts as lines that an admin understands, and their sum.
 */
import type { Client } from '../mail/envelope.ts';
import { printable } from '../mail/printable.ts';
import type { StoredReceipt } from '../store/journal-store.ts';
import { type Reason, reasonWords } from '../verdict/reasons.ts';
import {
  formatDuration,
  formatLocalTime,
  formatNumber,
  type Output,
  type Style,
} from './output.ts';

/** In the order given; the last line sums them up. */
export async function printText(
  receipts: AsyncIterable<StoredReceipt>,
  output: Output,
): Promise<void> {
  const sums = new Map<string, number>();
  let rows = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for await (const receipt of receipts) {
    await output.line(formatReceipt(receipt, output));
    const { said } = wordsOf(receipt);
    sums.set(said, (sums.get(said) ?? 0) + receipt.count);
    rows += 1;
    first = Math.min(first, receipt.from);
    last = Math.max(last, receipt.until);
  }
  if (rows === 0) return output.line('Nothing in the journal fits.');
  const counts = [...sums].map(([said, count]) => `${formatNumber(count)} ${said}`).join(', ');
  const span = `from ${formatLocalTime(first)} until ${formatLocalTime(last)}`;
  await output.line(output.style('bold', `${counts} (${formatNumber(rows)} receipts, ${span})`));
}

/**
 * `2006-09-05 14:03:07  refused 12,345 times in 1 s  sender seaton.biz: its mail server is ...
 * from <nicholas@seaton.biz>  to <info@hosted.example>  client 192.0.2.7 (mx.example)  queue id ...`
 * on one line, so that grep finds whole receipts.
 */
function formatReceipt(receipt: StoredReceipt, output: Output): string {
  const { count, from, until, reason, reversePath, forwardPath, queueId } = receipt;
  const { said, style } = wordsOf(receipt);
  const isSum = count > 1;
  const span = until - from >= 1000 ? ` in ${formatDuration(until - from)}` : '';
  const parts = [
    output.style('dim', formatLocalTime(from)),
    output.style(style, said) + (isSum ? ` ${formatNumber(count)} times${span}` : ''),
    `${subjectOf(receipt)}: ${reasonInWords(reason)}`,
  ];
  if (reversePath !== null) parts.push(`from <${printable(reversePath)}>`);
  if (forwardPath !== null) {
    parts.push(`to <${printable(forwardPath)}>${isSum ? ' and others' : ''}`);
  }
  if (receipt.client) parts.push(`client ${describe(receipt.client)}`);
  if (queueId !== null) parts.push(`queue id ${printable(queueId)}${isSum ? ' and others' : ''}`);
  return parts.join('  ');
}

function wordsOf({ action, enforced }: StoredReceipt): { said: string; style: Style } {
  const said = {
    refuse: 'refused',
    defer: 'deferred',
    discard: 'discarded',
    quarantine: 'quarantined',
  };
  if (!enforced) return { said: `would be ${said[action]}`, style: 'cyan' };
  const style = { refuse: 'red', defer: 'yellow', discard: 'magenta', quarantine: 'blue' } as const;
  return { said: said[action], style: style[action] };
}

function subjectOf({ check, domain }: StoredReceipt): string {
  const words = check === 'notice' ? 'notice to' : check;
  return domain === null ? check : `${words} ${printable(domain)}`;
}

/** A journal that a newer Spillway writes into may hold reasons that this one does not know. */
export function reasonInWords(reason: Reason): string {
  return Object.hasOwn(reasonWords, reason) ? reasonWords[reason] : printable(reason);
}

function describe({ address, name, helo }: Client): string {
  const details = [name, helo !== null && helo !== name ? `HELO ${helo}` : null]
    .filter((text) => text !== null)
    .map((text) => printable(text));
  const shown = address === null ? 'unknown' : printable(address);
  return details.length > 0 ? `${shown} (${details.join(', ')})` : shown;
}
