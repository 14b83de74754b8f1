import assert from 'node:assert/strict';
import test from 'node:test';
import { Command } from 'commander';
import { withSameOptions } from './same-options.ts';

test('What is to be typed next is about the same machine, file and settings', () => {
  const command = new Command('postfix')
    .option('--apply')
    .option('--root <folder>')
    .option('--config-dir <folder>')
    .option('--hooks <list>', '', (text) => text.split(','))
    .option('--on-failure <mode>', '', 'open');
  const args = ['--root', "/mnt/it's", '--config-dir', '/etc/p', '--hooks', 'milter,policy'];
  command.parse(args, { from: 'user' });
  const next = [
    'spillway install postfix --config-dir /etc/p --apply',
    'postfix reload',
    'spillway run',
  ];
  assert.deepEqual(withSameOptions(command, next), [
    "spillway install postfix --config-dir /etc/p --apply --root '/mnt/it'\\''s' --hooks milter,policy",
    'postfix reload',
    'spillway run',
  ]);
});
