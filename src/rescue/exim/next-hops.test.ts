/**
 * An exim that takes too long over one address, and is killed: the others get their answers.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { EximProgram } from '../../machine/exim.ts';
import type { Ran } from '../../machine/root.ts';
import { askNextHops } from './next-hops.ts';

const drivers = 'by_hand router:\ndriver = manualroute\n\nremote transport:\ndriver = smtp\n';
const killed: Ran = { status: null, stdout: '', stderr: '' };

const program: EximProgram = {
  root: { folder: '/', run: async () => killed },
  path: '/usr/sbin/exim4',
  async run([option], input = '') {
    if (option === '-bP') return { status: 0, stdout: drivers, stderr: '' };
    if (input.includes('slow')) return killed;
    const answers = input.split('\n').map((line) => line.replace(/^<(.*)>$/, answerTo));
    return { status: 0, stdout: `${answers.join('')}> `, stderr: '' };
  },
};

function answerTo(_line: string, address: string): string {
  return `> ${address}\n  router = by_hand, transport = remote\n  host inner [192.0.2.9]\n`;
}

test('a domain that answers slowly does not hide those that the admin routes', async () => {
  const addresses = Array.from({ length: 20 }, (_, i) => `ann@routed-${i}.example`);
  const told = await askNextHops(program, [
    ...addresses.slice(0, 7),
    'bob@slow.example',
    ...addresses.slice(7),
  ]);
  assert.equal(told.size, addresses.length + 1);
  assert.equal(told.get('ann@routed-3.example')?.host, 'inner');
  assert.equal(told.get('bob@slow.example')?.mailer, 'unresolved');
});
