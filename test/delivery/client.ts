/**
 * A client of the delivery for tests, on loopback, with short patience.
 */
import { createSmtpClient, type SmtpClientOptions } from '../../src/delivery/smtp-client.ts';
import type { SmtpHop } from '../../src/delivery/smtp-hop.ts';
import { scaleTimeouts, standardTimeouts } from '../../src/delivery/smtp-timeouts.ts';
import type { Delivered, Shipment } from '../../src/delivery/transport.ts';
import type { Judge } from '../../src/judge/judge.ts';
import type { MailParameters, RcptParameters } from '../../src/mail/envelope.ts';
import { type IpAddress, parseIp } from '../../src/mail/ip.ts';
import { formatReply } from '../../src/mail/reply.ts';
import { judgeLoop } from '../../src/verdict/loop.ts';
import type { Question } from '../../src/verdict/verdict.ts';

export const loopback = ip('127.0.0.1');

export function ip(text: string): IpAddress {
  const address = parseIp(text);
  if (!address) throw new Error(text);
  return address;
}

/** Judges loops as the real one does, and remembers what it was asked. */
export function judgeOfLoops(): Judge & { readonly asked: Question[] } {
  const asked: Question[] = [];
  return {
    asked,
    ask(question) {
      asked.push(question);
      if (question.check !== 'loop') throw new Error(question.check);
      return judgeLoop(question.facts);
    },
  };
}

/** Everything but the end of a wait takes 3 s at most. */
const patience = scaleTimeouts(1, {
  ...standardTimeouts,
  opening: 3000,
  mail: 3000,
  rcpt: 3000,
  data: 3000,
  content: 3000,
  end: 3000,
  tls: 3000,
  connect: 3000,
  quit: 500,
});

export function testClient(more: Partial<SmtpClientOptions> = {}) {
  return createSmtpClient({
    name: 'me.example',
    random: () => 0.4,
    now: () => performance.now(),
    timeouts: patience,
    judge: judgeOfLoops(),
    ownNames: new Set(['mail.me.example']),
    isOwnListener: () => false,
    ...more,
  });
}

export function backend(port: number, more: Partial<SmtpHop> = {}): SmtpHop {
  return {
    protocol: 'smtp',
    place: { kind: 'configured', endpoint: { host: '127.0.0.1', port }, addresses: [loopback] },
    tls: 'off',
    implicitTls: false,
    login: null,
    ...more,
  };
}

/** MX hosts on loopback addresses, best first, each with a preference of its own. */
export function mx(
  port: number,
  addresses: readonly string[],
  more: Partial<SmtpHop> = {},
): SmtpHop {
  const targets = addresses.map((address, i) => ({
    preference: 10 * (i + 1),
    name: `mx${i + 1}.test.example`,
    addresses: [{ address: ip(address), class: 'public' as const }],
  }));
  return backend(port, { place: { kind: 'mx', targets, port }, ...more });
}

export interface ShipmentOptions {
  readonly content?: string | Shipment['content'];
  readonly size?: number;
  readonly sender?: Partial<MailParameters>;
  readonly rcpt?: Partial<RcptParameters>;
}

export const smallContent = 'Subject: x\r\n\r\n.dot\r\nbody\r\n';

export function shipmentTo(
  forwardPaths: readonly string[],
  { content = smallContent, size, sender, rcpt }: ShipmentOptions = {},
): Shipment {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : null;
  return {
    id: 115_000_000_000_000,
    sender: {
      reversePath: 'ann@good.example',
      body: '7bit',
      smtpUtf8: false,
      ret: null,
      envid: null,
      ...sender,
    },
    recipients: forwardPaths.map((forwardPath, index) => ({
      index,
      forwardPath,
      notify: null,
      orcpt: null,
      ...rcpt,
    })),
    size: size ?? bytes?.length ?? 0,
    content: typeof content === 'string' ? () => (bytes ? [bytes] : []) : content,
  };
}

export const never = new AbortController().signal;

/** `delivered 250 2.0.0 Taken`, one for each recipient in the order of the shipment. */
export function outcomes({ results }: Delivered): string[] {
  return results
    .toSorted((a, b) => a.index - b.index)
    .map(({ outcome, reply, reason }) =>
      [outcome, formatReply(reply).trim(), ...(reason ? [`(${reason})`] : [])].join(' '),
    );
}
