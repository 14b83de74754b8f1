/**
 * The world around one mail server: DNS, a backend that knows only `info@`, and good sinks.
 */
import { startDnsServer, type ZoneData } from '../../../src/replay/dns-server.ts';
import { type Outgoing, openSmtpConnection } from '../../../src/replay/smtp-connection.ts';
import { sinkReply, startSmtpSink } from '../../../src/replay/smtp-sink.ts';
import { addresses } from '../network.ts';

export interface Delivered {
  readonly at: 'backend' | 'sink';
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  readonly content: string;
}

export async function start({ records }: { readonly records: ZoneData }) {
  await startDnsServer({ host: addresses.dns.v4, port: 53, records });
  const backend = await startSmtpSink({
    host: addresses.backend.v4,
    port: 25,
    onRcpt: (path) =>
      path.startsWith('info@') ? null : sinkReply('550 5.1.1 No such mailbox here'),
  });
  const sink = await startSmtpSink({ host: addresses.sink.v4, port: 25 });
  return {
    /** Over one connection each; resolves to the last reply of each. */
    async send(messages: readonly Outgoing[]): Promise<string[]> {
      const said: string[] = [];
      for (const message of messages) {
        const opened = await openSmtpConnection({
          address: addresses.server.v4,
          port: 25,
          localAddress: addresses.sender.v4,
        });
        if (opened.kind !== 'open') throw new Error(`no connection at ${opened.stage}`);
        const sent = await opened.connection.send(message);
        await opened.connection.quit();
        const last = sent.replies.content ?? sent.replies.rcpt.at(-1) ?? sent.replies.mail;
        said.push(last ? `${last.code} ${last.lines[0]}` : sent.kind);
      }
      return said;
    },
    delivered(): Delivered[] {
      const of = (at: Delivered['at'], from: typeof sink): Delivered[] =>
        from.messages.map(({ reversePath, forwardPaths, text }) => ({
          at,
          reversePath,
          forwardPaths,
          content: text,
        }));
      return [...of('backend', backend), ...of('sink', sink)];
    },
  };
}
