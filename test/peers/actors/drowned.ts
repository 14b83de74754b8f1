/**
 * The world around a sendmail that drowns: DNS that can be changed, a backend that knows only `info@`, a
 * sink that takes all, and somebody who sends octet by octet.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startDnsServer, type ZoneData } from '../../../src/replay/dns-server.ts';
import { sinkReply, startSmtpSink } from '../../../src/replay/smtp-sink.ts';
import { Talk } from '../../smtp/talk.ts';
import { addresses } from '../network.ts';

/** Messages of a stream that have not arrived yet. */
const mostOnTheirWay = 20;

export interface Sent {
  /** After `MAIL FROM:` and `RCPT TO:`, parameters included; octets as latin1. */
  readonly mail: string;
  readonly rcpt: readonly string[];
  /** Header, empty line, body; lines end in LF here. */
  readonly content: string;
}

export async function start({ records }: { readonly records: ZoneData }) {
  const dns = await startDnsServer({ host: addresses.dns.v4, port: 53, records });
  const backend = await startSmtpSink({
    host: addresses.backend.v4,
    port: 25,
    onRcpt: (path) =>
      path.startsWith('info@') ? null : sinkReply('550 5.1.1 No such mailbox here'),
  });
  const sink = await startSmtpSink({ host: addresses.sink.v4, port: 25 });

  /** Over one connection; the last reply of each message. */
  async function send(messages: readonly Sent[]): Promise<string[]> {
    await using talk = await Talk.dial({ host: addresses.server.v4, port: 25 });
    await talk.reply();
    await talk.say('EHLO sender.example');
    const said: string[] = [];
    for (const { mail, rcpt, content } of messages) {
      let last = await talk.say(`MAIL FROM:${mail}`);
      for (const path of rcpt) last = await talk.say(`RCPT TO:${path}`);
      last = await talk.say('DATA');
      if (last.startsWith('354')) {
        talk.send(`${content.replaceAll('\n', '\r\n')}\r\n.\r\n`);
        last = await talk.reply();
      } else await talk.say('RSET');
      said.push(last);
    }
    await talk.say('QUIT');
    return said;
  }

  const arrivals = () => backend.messages.length + sink.messages.length;
  let isStreaming = false;
  let streaming: Promise<number> | null = null;
  return {
    send,
    setRecords: (changed: ZoneData) => dns.setRecords(changed),
    /** Subjects of what has arrived, once each time it came. */
    arrived: (): string[] =>
      [...backend.messages, ...sink.messages].map(
        ({ text }) => /^Subject: (.*?)\r?$/m.exec(text)?.[1] ?? '',
      ),
    /** What came with this subject. */
    contents: (subject: string): string[] =>
      [...backend.messages, ...sink.messages]
        .map(({ text }) => text)
        .filter((text) => text.includes(`Subject: ${subject}\r\n`)),
    /** Sends wanted mail, one message after the other, until it is stopped. */
    startStream(to: readonly string[]) {
      isStreaming = true;
      streaming = (async () => {
        let sent = 0;
        const before = arrivals();
        while (isStreaming) {
          // A server that is slow today is not drowned by those who watch it.
          if (sent - (arrivals() - before) >= mostOnTheirWay) {
            await sleep(20);
            continue;
          }
          const rcpt = to[sent % to.length] ?? '';
          const content = `Subject: stream ${sent}\n\nwanted\n`;
          const [said = ''] = await send([
            { mail: '<customer@good-2.example>', rcpt: [`<${rcpt}>`], content },
          ]);
          if (!said.startsWith('250')) throw new Error(`the stream was refused: ${said}`);
          sent++;
        }
        return sent;
      })();
      streaming.catch(() => undefined);
    },
    /** How many were taken. */
    async stopStream(): Promise<number> {
      isStreaming = false;
      return (await streaming) ?? 0;
    },
  };
}
