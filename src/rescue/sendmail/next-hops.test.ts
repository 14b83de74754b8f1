import assert from 'node:assert/strict';
import test from 'node:test';
import type { Root } from '../../machine/root.ts';
import { askNextHops } from './next-hops.ts';

/** A sendmail that is killed while it looks for `slow.example`, and cannot parse anything else. */
const root: Root = {
  folder: '/',
  async run(_folder, _command, input = '') {
    const isKilled = input.includes('slow.example');
    return { status: isKilled ? null : 0, stdout: '', stderr: '' };
  },
};

test('where sendmail has no answer in time, its tables are taken to decide, and nothing is condemned', async () => {
  const told = await askNextHops(root, '/usr/sbin/sendmail', [
    'bob@slow.example',
    'ann@dead.example',
  ]);
  assert.equal(told.get('bob@slow.example')?.mailer, 'unresolved');
  assert.equal(told.get('ann@dead.example'), undefined);
});
