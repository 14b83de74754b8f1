/**
 * Wanted messages at an even pace, and the sink they go to, as one actor in the world: one clock for
 * both ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createSmtpSender } from '../../src/replay/smtp-sender.ts';
import { startSmtpSink } from '../../src/replay/smtp-sink.ts';

export interface WantedOptions {
  readonly server: { readonly address: string; readonly port: number };
  readonly sink: { readonly host: string; readonly port: number };
  readonly sender: string;
  readonly recipient: string;
}

export interface WantedResult {
  readonly accepted: number;
  /** From acceptance to delivery, ms, sorted; only what arrived. */
  readonly latencies: readonly number[];
  /** From the first command to delivery. */
  readonly whole: readonly number[];
}

export async function start({ server, sink, sender, recipient }: WantedOptions) {
  const arrived = new Map<string, number>();
  const backend = await startSmtpSink({
    ...sink,
    onMessage(message) {
      const marker = /^Subject: (wanted-\d+)/m.exec(message.text)?.[1];
      if (marker !== undefined && !arrived.has(marker)) arrived.set(marker, message.at);
      return null;
    },
  });
  let number = 0;
  return {
    /** Resolves when all that were accepted have arrived, or `timeout` ms after the last. */
    async send(messages: number, perSecond: number, timeout: number): Promise<WantedResult> {
      const from = createSmtpSender({ ...server, connections: 4, rate: perSecond });
      const sent = await Promise.all(
        Array.from({ length: messages }, async () => {
          const marker = `wanted-${number++}`;
          const content = `Subject: ${marker}\nFrom: <${sender}>\n\n${'wanted mail\n'.repeat(100)}`;
          const one = await from.send({ reversePath: sender, forwardPaths: [recipient], content });
          return { marker, ...one };
        }),
      );
      await from.close();
      const accepted = sent.filter(({ transaction }) => transaction.kind === 'accepted');
      const deadline = performance.now() + timeout;
      while (accepted.some(({ marker }) => !arrived.has(marker)) && performance.now() < deadline)
        await sleep(10);
      const there = accepted.flatMap(({ marker, startedAt, endedAt }) => {
        const at = arrived.get(marker);
        return at === undefined ? [] : [{ at, startedAt, endedAt }];
      });
      const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
      return {
        accepted: accepted.length,
        // The next hop may have it before we have read the 250.
        latencies: sorted(there.map(({ at, endedAt }) => Math.max(0, at - endedAt))),
        whole: sorted(there.map(({ at, startedAt }) => at - startedAt)),
      };
    },
    sunk: () => backend.counts.messages,
  };
}
