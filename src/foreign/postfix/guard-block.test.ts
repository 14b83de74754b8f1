import assert from 'node:assert/strict';
import test from 'node:test';
import { addGuard, guardIn, removeGuard } from './guard-block.ts';
import { defaultPostfixGuardSettings, type PostfixGuardSettings } from './guard-settings.ts';
import { readParameters } from './main-cf.ts';

const queue = '/var/spool/postfix';
const all: PostfixGuardSettings = {
  ...defaultPostfixGuardSettings,
  hooks: ['milter', 'policy', 'notices', 'transport', 'sink'],
  onFailure: 'closed',
};

function added(text: string, settings: PostfixGuardSettings): string {
  const after = addGuard(text, settings, queue);
  assert.ok(typeof after === 'string', JSON.stringify(after));
  return after;
}

const files: readonly [name: string, text: string][] = [
  ['an empty file', ''],
  ['no line end at the end', 'myhostname = mx.host.example'],
  ['filters of others', 'smtpd_milters = inet:localhost:11332\nnon_smtpd_milters=$smtpd_milters\n'],
  [
    'lists over several lines with comments in them',
    `# a comment
smtpd_recipient_restrictions =
    permit_mynetworks,
# between

    reject_unauth_destination,
\treject_unknown_recipient_domain
sender_dependent_default_transport_maps = hash:/etc/postfix/by-sender
transport_maps = hash:/etc/postfix/transport
transport_maps = hash:/etc/postfix/other
  ,regexp:/etc/postfix/more
mydestination = localhost
`,
  ],
  [
    'a mark within a comment',
    '## >>> spillway: begin (1) # <<< spillway: end\nsmtpd_milters = inet:a:1\nx = # >>> spillway: begin\n',
  ],
  [
    'a no-break space within a letter of UTF-8',
    Buffer.from('smtpd_milters = unix:/srv/voilà/milter\n').toString('latin1'),
  ],
  ['CRLF', 'smtpd_milters = inet:localhost:11332\r\nmydestination =\r\n'],
];
for (const [name, text] of files)
  for (const settings of [defaultPostfixGuardSettings, all])
    test(`${name}: in and out again, to the byte (${settings.hooks})`, () => {
      const after = added(text, settings);
      assert.deepEqual(guardIn(after), settings);
      assert.equal(removeGuard(after), text);
    });

test('a block that was deleted by hand leaves what it put aside, which is told and never lost', () => {
  const left = added('a = b\nsmtpd_milters = inet:a:1\n', defaultPostfixGuardSettings).replace(
    /^# >>>[\s\S]*/m,
    '',
  );
  assert.equal(left, 'a = b\n#spillway# smtpd_milters = inet:a:1\n');
  const fault = guardIn(left);
  assert.ok(fault && 'kind' in fault);
  assert.equal(fault.line, 2);
  assert.match(fault.problem, /put aside, found none: take "#spillway# " off it/);
  assert.deepEqual(removeGuard(left), fault);
});

test('a letter of UTF-8 keeps all its bytes where it stands anew', () => {
  const before = Buffer.from('smtpd_milters = unix:/srv/voilà/m\n').toString('latin1');
  const after = Buffer.from(added(before, defaultPostfixGuardSettings), 'latin1').toString('utf8');
  assert.match(after, /^smtpd_milters = unix:\/srv\/voilà\/m, /m);
});

test('what is there stays in front, and the policy service stands behind the relay check', () => {
  const values = readParameters(added(files[3]?.[1] ?? '', all));
  assert.match(
    values.get('smtpd_recipient_restrictions') ?? '',
    /^permit_mynetworks, reject_unauth_destination, check_policy_service \{ inet:127\.0\.0\.1:9996, default_action=DEFER_IF_PERMIT, .* \}, reject_unknown/,
  );
  assert.equal(
    values.get('transport_maps'),
    'hash:/etc/postfix/other ,regexp:/etc/postfix/more, socketmap:inet:127.0.0.1:9997:postfix_transport',
  );
  assert.equal(
    values.get('sender_dependent_default_transport_maps'),
    'hash:/etc/postfix/by-sender, inline:{ { <> = smtp:[127.0.0.1]:2525 } }',
  );
  assert.equal(values.get('mydestination'), 'localhost');
  assert.equal(values.get('internal_mail_filter_classes'), 'bounce');
});

test('a change by hand is found, what is written elsewhere stays', () => {
  const after = added('smtpd_milters = inet:localhost:11332\n', all);
  const changed = removeGuard(after.replace('command_timeout=10s', 'command_timeout=1s'));
  assert.ok(typeof changed !== 'string' && /changed/.test(changed.problem));
  assert.equal(
    removeGuard(`${after}myorigin = host.example\n`),
    'smtpd_milters = inet:localhost:11332\nmyorigin = host.example\n',
  );
});

const refused: readonly [settings: Partial<PostfixGuardSettings>, text: string, why: RegExp][] = [
  [{ hooks: ['transport'], onFailure: 'open' }, '', /--on-failure closed/],
  [{ milter: 'unix:/run/spillway/milter' }, '', /below \/var\/spool\/postfix/],
  [{ milter: 'unix:/var/spool/postfix/../x' }, '', /below/],
  [{ sink: 'unix:/var/spool/postfix/spillway/smtp' }, '', /host and port/],
  [{ hooks: ['policy'] }, 'smtpd_relay_restrictions = permit_mynetworks, reject\n', /relaying/],
];
for (const [settings, text, why] of refused)
  test(`refused: ${why.source}`, () => {
    const made = addGuard(text, { ...all, onFailure: 'closed', ...settings }, queue);
    assert.ok(typeof made !== 'string');
    assert.match(made.problem, why);
  });

test('a sink of IPv6 stands in brackets', () => {
  const values = readParameters(added('', { ...all, sink: '[::1]:2525' }));
  const name = 'sender_dependent_default_transport_maps';
  assert.equal(values.get(name), 'inline:{ { <> = smtp:[::1]:2525 } }');
});

test('a unix socket is told from the folder of the queue', () => {
  const settings = { ...all, milter: 'unix:/var/spool/postfix/spillway/milter' };
  const values = readParameters(added('', settings));
  assert.match(values.get('smtpd_milters') ?? '', /^\{ unix:spillway\/milter, /);
});
