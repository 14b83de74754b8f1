import assert from 'node:assert/strict';
import test from 'node:test';
import { createOpening, type OpeningStep, type OpeningTerms } from './client-opening.ts';

const terms: OpeningTerms = {
  name: 'me.example',
  protocol: 'smtp',
  startTls: 'whenOffered',
  login: null,
};
const login = { user: 'ann', password: 'secret' };

/** `S:` is a reply, `TLS` the end of the handshake; what is done about each is in the result. */
function play(
  partial: Partial<OpeningTerms>,
  dialog: readonly string[],
  encrypted = false,
): string[] {
  const opening = createOpening({ ...terms, ...partial }, encrypted);
  return dialog.map((line) => {
    if (line === 'TLS') return show(opening.secured());
    const lines = line.split('\n');
    const code = Number(line.slice(0, 3));
    return show(opening.take({ code, lines: lines.map((text) => text.slice(4)) }));
  });
}

function show(step: OpeningStep): string {
  switch (step.kind) {
    case 'write':
      return step.text.trimEnd();
    case 'startTls':
      return 'shake hands';
    case 'open':
      return `open ${step.names.join(' ')}`;
    case 'closed':
      return `${step.trouble} ${step.reply.code} ${step.reply.status}`;
  }
}

const hi = '220 mx.example ESMTP';
const ehlo = 'EHLO me.example';
const ok = '250 mx2.example';
const offersTls = '250-mx.example\n250 STARTTLS';
const offersLogin = '250-mx.example\n250 AUTH PLAIN LOGIN';

const dialogs: readonly [
  name: string,
  terms: Partial<OpeningTerms>,
  replies: readonly string[],
  want: readonly string[],
][] = [
  ['greeting and EHLO', {}, [hi, ok], [ehlo, 'open mx.example mx2.example']],
  [
    'LHLO for LMTP',
    { protocol: 'lmtp' },
    [hi, ok],
    ['LHLO me.example', 'open mx.example mx2.example'],
  ],
  [
    'HELO where EHLO is not known',
    {},
    [hi, '500 What?', ok],
    [ehlo, 'HELO me.example', 'open mx.example mx2.example'],
  ],
  [
    'LMTP has nothing to fall back to',
    { protocol: 'lmtp' },
    [hi, '500 5.5.1 What?'],
    ['LHLO me.example', 'refused 500 5.5.1'],
  ],
  [
    'HELO refused as well',
    {},
    [hi, '502 No', '550 No'],
    [ehlo, 'HELO me.example', 'refused 550 5.0.0'],
  ],
  ['a host that takes no mail (RFC 7504)', {}, ['521 No mail here'], ['refused 521 5.0.0']],
  ['a host that wants no mail from us', {}, ['554 5.7.1 Go away'], ['refused 554 5.7.1']],
  ['a host that is busy', {}, ['421 4.3.2 Busy'], ['refused 421 4.3.2']],
  ['a host that is busy at EHLO', {}, [hi, '421 4.3.2 Busy'], [ehlo, 'refused 421 4.3.2']],
  ['521 at EHLO is no lack of ESMTP', {}, [hi, '521 5.3.2 No'], [ehlo, 'refused 521 5.3.2']],
  ['a greeting that is none', {}, ['250 Hm'], ['nonsense 451 4.5.0']],
  ['an EHLO answered by 354', {}, [hi, '354 Go on'], [ehlo, 'nonsense 451 4.5.0']],
  [
    'TLS where it is offered, and EHLO again',
    {},
    [hi, offersTls, '220 Go', 'TLS', ok],
    [ehlo, 'STARTTLS', 'shake hands', ehlo, 'open mx.example mx.example mx2.example'],
  ],
  [
    'STARTTLS refused is no obstacle',
    {},
    [hi, offersTls, '454 Later'],
    [ehlo, 'STARTTLS', 'open mx.example mx.example'],
  ],
  [
    'unless TLS is required',
    { startTls: 'always' },
    [hi, offersTls, '454 Later'],
    [ehlo, 'STARTTLS', 'tls 451 4.7.5'],
  ],
  ['TLS required and not offered', { startTls: 'always' }, [hi, ok], [ehlo, 'tls 451 4.7.4']],
  [
    'TLS required and no ESMTP at all',
    { startTls: 'always' },
    [hi, '500 What?', ok],
    [ehlo, 'HELO me.example', 'tls 451 4.7.4'],
  ],
  [
    'no TLS where it is off',
    { startTls: 'never' },
    [hi, offersTls],
    [ehlo, 'open mx.example mx.example'],
  ],
  [
    'a second STARTTLS is never asked for',
    {},
    [hi, offersTls, '220 Go', 'TLS', offersTls],
    [ehlo, 'STARTTLS', 'shake hands', ehlo, 'open mx.example mx.example mx.example'],
  ],
  ['no password without TLS', { login }, [hi, offersLogin], [ehlo, 'login 451 4.7.0']],
];
for (const [name, partial, replies, want] of dialogs)
  test(name, () => assert.deepEqual(play(partial, replies), want));

const logins: readonly [name: string, replies: readonly string[], want: readonly string[]][] = [
  [
    'PLAIN',
    [offersLogin, '235 Welcome'],
    ['AUTH PLAIN AGFubgBzZWNyZXQ=', 'open mx.example mx.example'],
  ],
  [
    'LOGIN',
    ['250-mx.example\n250 AUTH LOGIN', '334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', '235 Hi'],
    ['AUTH LOGIN', 'YW5u', 'c2VjcmV0', 'open mx.example mx.example'],
  ],
  ['no way that we know', ['250-mx.example\n250 AUTH GSSAPI'], ['login 451 4.7.0']],
  [
    'a wrong password',
    [offersLogin, '535 5.7.8 No'],
    ['AUTH PLAIN AGFubgBzZWNyZXQ=', 'login 451 4.7.8'],
  ],
  [
    'a third question',
    ['250-mx.example\n250 AUTH LOGIN', '334 ', '334 ', '334 '],
    ['AUTH LOGIN', 'YW5u', 'c2VjcmV0', 'nonsense 451 4.5.0'],
  ],
];
for (const [name, replies, want] of logins)
  test(`login: ${name}`, () => {
    assert.deepEqual(play({ login, startTls: 'never' }, [hi, ...replies], true), [ehlo, ...want]);
  });

test('what was offered before TLS is forgotten', () => {
  const opening = createOpening(terms, false);
  opening.take({ code: 220, lines: ['mx'] });
  opening.take({ code: 250, lines: ['mx', 'STARTTLS', 'DSN', 'SIZE 5'] });
  opening.take({ code: 220, lines: ['Go'] });
  opening.secured();
  const step = opening.take({ code: 250, lines: ['mx', 'PIPELINING'] });
  assert.ok(step.kind === 'open' && step.offer.pipelining);
  assert.deepEqual([step.offer.dsn, step.offer.size, step.offer.startTls], [false, false, false]);
});
