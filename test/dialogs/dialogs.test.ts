/**
 * Every dialog of this folder without sockets, and that every reply of ours occurs in one of them.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { formatReply, replies } from '../../src/mail/reply.ts';
import { parseDialog, readDialogs } from './dialog.ts';
import { play } from './play.ts';
import { PlayedServer } from './played-server.ts';
import { readSetting } from './setting.ts';

const given = new Set<string>();

for (const dialog of readDialogs())
  test(`dialog: ${dialog.name}`, async () => {
    const server = new PlayedServer(readSetting(dialog));
    await play(dialog, server);
    assert.deepEqual(server.conversation.takeLines(), []);
    for (const reply of server.conversation.given) given.add(formatReply(reply));
  });

test('every reply of the table is given in a dialog', () => {
  // A greeting has our name before its text, and neither it nor a refused one an enhanced code.
  const seen = [...given].map((text) => text.replace(' mx.example.org ', ' '));
  const missing = Object.entries(replies).filter(
    ([, reply]) =>
      !seen.includes(formatReply(reply)) && !seen.includes(formatReply({ ...reply, status: '' })),
  );
  assert.deepEqual(
    missing.map(([name]) => name),
    [],
  );
});

test('a server that says something else, or closes, fails a dialog', async () => {
  for (const wrong of [
    'S: 220 other *',
    'S: 220 *\n! closed',
    'S: 220 *\nC: QUIT\nS: 221 *\nS: 250 *',
  ]) {
    const dialog = parseDialog('wrong', wrong);
    await assert.rejects(play(dialog, new PlayedServer(readSetting(dialog))));
  }
});

test('a file that is no dialog is told by its line', () => {
  assert.throws(() => parseDialog('bad', '# fine\nC: x\nS 220'), /bad:3/);
  assert.throws(() => parseDialog('bad', '! dance'), /bad:1/);
});
