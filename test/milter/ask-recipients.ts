/**
 * A mail server's questions about the recipients of one message, over a socket to the milter.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { mta, readReplies } from './mta.ts';

export interface AskedMessage {
  readonly from?: string;
  readonly helo?: string;
  /** IPv4 of the client. */
  readonly address?: string;
}

/** The reply at RCPT for each path, as readReplies shows it. */
export async function askRecipients(
  port: number,
  paths: readonly string[],
  {
    from = 'ann@client.example',
    helo = 'client.example',
    address = '192.0.2.7',
  }: AskedMessage = {},
): Promise<string[]> {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    Buffer.concat([
      ...[mta.negotiate(), mta.connect(helo, address), mta.helo(helo), mta.mail(`<${from}>`)],
      ...paths.map((path) => mta.rcpt(`<${path}>`)),
    ]),
  );
  let got = Buffer.alloc(0);
  while (readReplies(got).length < paths.length + 2) {
    const [bytes] = await once(socket, 'data');
    got = Buffer.concat([got, bytes]);
  }
  socket.end(mta.quit());
  return readReplies(got).slice(2);
}
