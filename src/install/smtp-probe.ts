/**
 * A look at a mail server from the client's side: an envelope is begun and taken back, nothing is sent.
 */
import { createConnection } from 'node:net';
import { createReplyReader } from '../wire/smtp/reply-reader.ts';

/** ms for each reply. */
const patience = 15_000;

/**
 * The reply to MAIL if it is a refusal, or that to RCPT, if there is a recipient: `550 5.1.8 ...`.
 * Rejects with Error where the server is not there, or does not speak SMTP.
 */
export function probeEnvelope(
  port: number,
  sender: string,
  recipient: string | null,
  host = '127.0.0.1',
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = createConnection({ host, port });
  const reader = createReplyReader();
  const commands = ['EHLO localhost', `MAIL FROM:<${sender}>`];
  if (recipient !== null) commands.push(`RCPT TO:<${recipient}>`);
  let asked = '';
  const end = (text: string): void => {
    socket.end('RSET\r\nQUIT\r\n');
    resolve(text);
  };
  socket.setTimeout(patience, () => socket.destroy(new Error(`no reply in ${patience} ms`)));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the connection was closed')));
  socket.on('data', (chunk: Buffer) => {
    for (const event of reader.push(chunk)) {
      if (event.kind === 'fault') {
        socket.destroy(new Error(event.problem));
        return;
      }
      const { code, lines } = event.reply;
      const text = `${code} ${lines.at(-1) ?? ''}`;
      const next = commands.shift();
      if (code >= 400 || next === undefined) {
        if (asked.startsWith('MAIL') || asked.startsWith('RCPT')) end(text);
        else socket.destroy(new Error(`${asked || 'greeting'}: ${text}`));
        return;
      }
      asked = next;
      socket.write(`${next}\r\n`);
    }
  });
  return promise;
}
