/**
 * The dialogs once more, over sockets, with the server as it runs.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { readDialogs } from './dialog.ts';
import { LiveServer } from './live-server.ts';
import { play } from './play.ts';
import { readSetting } from './setting.ts';

test('over sockets', { concurrency: 4 }, async (suite) => {
  let played = 0;
  const dialogs: Promise<void>[] = [];
  for (const dialog of readDialogs()) {
    const setting = readSetting(dialog);
    if (setting.played || setting.isEarly) continue;
    played++;
    const isSilent = dialog.turns.some(
      (turn) => turn.kind === 'action' && turn.action === 'silence',
    );
    const replay = suite.test(dialog.name, { timeout: 10_000 }, async () => {
      await using server = await LiveServer.start(setting, isSilent);
      await play(dialog, server);
    });
    dialogs.push(replay);
  }
  await Promise.all(dialogs);
  assert.ok(played > 25);
});
