/**
 * Asks for ever new domains, so many at once that the guard is busy and never overloaded.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { formatNetstring } from '../src/wire/socketmap/netstrings.ts';
import { formatSendmailKey } from '../src/wire/socketmap/sendmail-key.ts';

const atOnce = 200;

export async function askManyDomains(port: number, count: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  let asked = 0;
  let answered = 0;
  const ask = (more: number): void => {
    let out = '';
    for (let i = 0; i < more && asked < count; i++)
      out += questionAbout(`m${asked++}.good.example`);
    if (out !== '') socket.write(out, 'latin1');
  };
  const done = Promise.withResolvers<void>();
  socket.on('data', (chunk: Buffer) => {
    let commas = 0;
    for (let at = chunk.indexOf(44); at >= 0; at = chunk.indexOf(44, at + 1)) commas++;
    answered += commas;
    ask(commas);
    if (answered >= count) done.resolve();
  });
  socket.on('error', done.reject);
  ask(atOnce);
  await done.promise;
  socket.end();
}

function questionAbout(domain: string): string {
  const path = `ann@${domain}`;
  const nextHop = { mailer: 'esmtp', host: `${domain}.`, address: path };
  const key = formatSendmailKey({
    kind: 'compat',
    notice: true,
    queueId: '6AM1x2yz012345',
    nextHop,
    forwardPath: path,
    reversePath: '',
  });
  return formatNetstring(`guard ${key}`);
}
