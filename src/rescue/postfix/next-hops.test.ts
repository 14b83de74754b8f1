/**
 * A resolver that hangs up in the middle, as Postfix's does when it is reloaded.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { askNextHops } from './next-hops.ts';

const answer = (recipient: string) =>
  `flags\u00000\0transport\0relay\0nexthop\0inner\0recipient\0${recipient}\0flags\u00004096\0\0`;

test('who hangs up after two answers is asked about the rest anew', async (t) => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'private'));
  const server = createServer((socket) => {
    let answered = 0;
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        const [, address = ''] = /\0address\0([^\0]*)\0/.exec(chunk.toString()) ?? [];
        if (++answered > 2) socket.destroy();
        else socket.write(answer(address));
      });
  });
  server.listen(join(folder.path, 'private/rewrite'));
  await once(server, 'listening');
  t.after(() => server.close());
  const none = { status: null, stdout: '', stderr: '' };
  const place = {
    root: { folder: '/', run: async () => none },
    configFolder: '/etc/postfix',
    queueFolder: folder.path,
    daemonFolder: '/usr/lib/postfix/sbin',
  };
  const addresses = Array.from({ length: 7 }, (_, i) => `ann@routed-${i}.example`);
  const told = await askNextHops(place, addresses);
  assert.deepEqual([...told.keys()], addresses);
  assert.equal(told.get('ann@routed-6.example')?.host, 'inner');
});
