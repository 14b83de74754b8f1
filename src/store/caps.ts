/**
 * How much of a stranger's text a receipt keeps. A mailbox or a domain fits many times over
 * (RFC 5321 §4.5.3.1); whoever sends a megabyte gets its beginning kept.
 */
import type { Receipt } from '../verdict/verdict.ts';

/** Characters (UTF-16 units) of a field or of one step. */
export const fieldLimit = 1000;
export const stepLimit = 40;

/** The beginning of the text; the very same text where it is short enough. */
export function capText(text: string, limit = fieldLimit): string {
  if (text.length <= limit) return text;
  // A plain slice would keep the whole megabyte in memory behind it.
  return Buffer.from(text.slice(0, limit), 'utf16le').toString('utf16le');
}

export function capNullable(text: string | null): string | null {
  return text === null ? null : capText(text);
}

/** The very same steps where none is too long, which is nearly always. */
export function capSteps(steps: readonly string[]): readonly string[] {
  if (steps.length <= stepLimit && steps.every((step) => step.length <= fieldLimit)) return steps;
  const kept = steps.slice(0, stepLimit).map((step) => capText(step));
  if (steps.length > stepLimit) kept.push(`... and ${steps.length - stepLimit} more steps`);
  return kept;
}

export function capReceipt(receipt: Receipt): Receipt {
  const { client, reply } = receipt;
  return {
    ...receipt,
    reply: reply && { ...reply, status: capText(reply.status), text: capText(reply.text) },
    domain: capNullable(receipt.domain),
    client: client && {
      address: capNullable(client.address),
      name: capNullable(client.name),
      helo: capNullable(client.helo),
    },
    reversePath: capNullable(receipt.reversePath),
    forwardPath: capNullable(receipt.forwardPath),
    queueId: capNullable(receipt.queueId),
    steps: capSteps(receipt.steps),
  };
}
