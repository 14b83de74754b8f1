/**
 * Postfix's logs beside a queue file, in the folders `defer` and `bounce`: why a recipient waits or failed.
 *
 * bounce(8). Paragraphs divided by empty lines: `<address>: text` of old, then lines `name=value`.
 */

export interface DelayLog {
  /** Offset of the recipient's record in the queue file -> why. */
  readonly byOffset: ReadonlyMap<number, string>;
  /** Address in the quoted form -> why. */
  readonly byAddress: ReadonlyMap<string, string>;
}

/** The first ones; a reason of a message with more recipients than this says nothing new. */
const mostParagraphs = 10_000;

/** Later words replace earlier ones. Odd lines are passed over. */
export function readDelayLog(text: string): DelayLog {
  const byOffset = new Map<number, string>();
  const byAddress = new Map<string, string>();
  for (const paragraph of text.split(/\n{2,}/, mostParagraphs)) {
    let address: string | null = null;
    let offset: number | null = null;
    let reason: string | null = null;
    for (const line of paragraph.split('\n')) {
      const old = /^<(.*?)>: +(.*)$/.exec(line);
      if (old) {
        address = old[1] ?? null;
        reason = old[2] ?? null;
        continue;
      }
      const equals = line.indexOf('=');
      const value = line.slice(equals + 1);
      if (line.startsWith('recipient=')) address = value;
      else if (line.startsWith('offset=')) offset = Number.parseInt(value, 10);
      else if (line.startsWith('reason=')) reason = value;
    }
    if (reason === null) continue;
    if (offset !== null && offset > 0) byOffset.set(offset, reason);
    if (address !== null) byAddress.set(address, reason);
  }
  return { byOffset, byAddress };
}
