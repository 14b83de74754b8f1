import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Reply, replies } from '../../mail/reply.ts';
import { type Action, actions, type Verdict } from '../../verdict/verdict.ts';
import { recipientAction, senderAction } from './actions.ts';

function verdict(action: Action, reply: Reply | null): Verdict {
  return { action, reply, reason: 'loopback', steps: [] };
}

const cases: readonly [action: Action, reply: Reply | null, sender: string, recipient: string][] = [
  ['accept', null, 'DUNNO', 'DUNNO'],
  [
    'refuse',
    replies.senderBlackhole,
    '550 5.1.8 Sender domain leads nowhere: no report can reach it',
    '550 5.1.8 Sender domain leads nowhere: no report can reach it',
  ],
  [
    'refuse',
    { code: 521, status: '5.7.1', text: 'go\r\naway\u0000' },
    '550 5.7.1 go away',
    '550 5.7.1 go away',
  ],
  [
    'refuse',
    { code: 450, status: '4.1.1', text: '' },
    '550 5.7.1 See the journal',
    '550 5.7.1 See the journal',
  ],
  [
    'defer',
    replies.senderUnknown,
    'DEFER_IF_PERMIT 4.4.3 Sender domain lookup failed, try again later',
    'DEFER_IF_PERMIT 4.4.3 Sender domain lookup failed, try again later',
  ],
  [
    'defer',
    null,
    'DEFER_IF_PERMIT 4.3.0 Temporary trouble, try again later',
    'DEFER_IF_PERMIT 4.3.0 Temporary trouble, try again later',
  ],
];
for (const [action, reply, sender, recipient] of cases)
  test(`${action} ${reply?.code ?? ''} ${reply?.text ?? ''}`.trim(), () => {
    assert.equal(senderAction(verdict(action, reply)), sender);
    assert.equal(recipientAction(verdict(action, reply)), recipient);
  });

test('what takes a whole message is said of its sender only', () => {
  for (const action of ['discard', 'quarantine'] as const) {
    assert.match(senderAction(verdict(action, null)), /^(DISCARD|HOLD) \w/);
    assert.match(recipientAction(verdict(action, null)), /^DEFER_IF_PERMIT 4\.3\.0 /);
  }
});

test('whatever a backend says, Postfix reads one line and the action that is meant', () => {
  const reply = fc.record({ code: fc.integer(), status: fc.string(), text: fc.string() });
  fc.assert(
    fc.property(fc.constantFrom(...actions), reply, (action, said) => {
      for (const words of [senderAction, recipientAction])
        assert.match(
          words(verdict(action, said)),
          /^(DUNNO|(DISCARD|HOLD) [ -~]+|5(?!21)\d\d 5\.\d+\.\d+ [ -~]+|DEFER_IF_PERMIT 4\.\d+\.\d+ [ -~]+)$/,
        );
    }),
  );
});
