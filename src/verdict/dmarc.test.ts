import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeDmarc } from './dmarc.ts';
import { noProof, type SenderProof } from './sender-proof.ts';

const failed: SenderProof = {
  ...noProof,
  dmarc: { result: 'fail', policy: 'reject', domain: 'bank.example' },
};

const cases: readonly [name: string, proof: SenderProof, want: string][] = [
  ['what fails a policy of reject is refused', failed, 'refuse'],
  ['no policy, no verdict', noProof, 'accept'],
  [
    'quarantine is for the mailbox to do',
    { ...noProof, dmarc: { result: 'fail', policy: 'quarantine', domain: 'bank.example' } },
    'accept',
  ],
  [
    'doubt defers',
    { ...noProof, dmarc: { result: 'temperror', policy: 'reject', domain: 'bank.example' } },
    'defer',
  ],
  ['a login needs no proof of this kind', { ...failed, login: 'ann' }, 'accept'],
  ['nor does a network of ours', { ...failed, trustedNetwork: true }, 'accept'],
];
for (const [name, proof, want] of cases)
  test(name, () => assert.equal(judgeDmarc(proof).action, want));
