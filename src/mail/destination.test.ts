import assert from 'node:assert/strict';
import test from 'node:test';
import { formatDestination, parseDestination } from './destination.ts';

const cases: readonly [text: string, want: string | null][] = [
  ['mx', 'mx'],
  ['lmtp:/run/dovecot/lmtp', 'lmtp:/run/dovecot/lmtp'],
  ['lmtp:127.0.0.1:24', 'lmtp:127.0.0.1:24'],
  ['lmtp:127.0.0.1', 'lmtp:127.0.0.1:24'],
  ['smtp:old.example.org', 'smtp:old.example.org:25'],
  ['smtp:[2001:db8::1]:2525', 'smtp:[2001:db8::1]:2525'],
  ['smtp:[2001:db8::1]', 'smtp:[2001:db8::1]:25'],
  ['maildir:/var/mail/{domain}/{mailbox}', 'maildir:/var/mail/{domain}/{mailbox}'],
  ['maildir:mail', null],
  ['maildir:/mail\0', null],
  ['smtp:', null],
  ['smtp:host:0', null],
  ['smtp:two words', null],
  ['pop3:host', null],
  ['', null],
];
for (const [text, want] of cases)
  test(`"${text.replace('\0', '\\0')}" reads as ${want}`, () => {
    const destination = parseDestination(text);
    assert.equal(destination && formatDestination(destination), want);
  });
