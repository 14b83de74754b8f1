/**
 * The milter session under any order of commands, any verdicts and any bytes.
 *
 * A model of the mail server says which commands expect an answer; one answer too many or too few
 * would give every later command the answer of another.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { replies } from '../../src/mail/reply.ts';
import { actions, type Verdict } from '../../src/verdict/verdict.ts';
import { silentBits, skipBits } from '../../src/wire/milter/codes.ts';
import { startSession } from '../../src/wire/milter/session.ts';
import { Dialog, us } from '../milter/dialog.ts';
import { allSteps, mta } from '../milter/mta.ts';

const verdict: fc.Arbitrary<Verdict> = fc
  .tuple(fc.constantFrom(...actions), fc.constantFrom(null, replies.loop, replies.internal))
  .map(([action, reply]) => ({ action, reply, reason: 'loopback', steps: [] }));

const path = fc.constantFrom('<a@example.org>', '<>', '', 'b@example.net', '<c@dead.example>');
const macroNames = fc.constantFrom('i', 'j', 'v', '{rcpt_host}', '{mail_mailer}', '{rcpt_addr}');

/** One command of the mail server, and the step whose answer may have been opted out of. */
interface Sent {
  readonly frame: Uint8Array;
  readonly answered: boolean;
  readonly step: keyof typeof silentBits | null;
}

const sent = (frame: Uint8Array, answered = true, step: Sent['step'] = null): fc.Arbitrary<Sent> =>
  fc.constant({ frame, answered, step });

const command: fc.Arbitrary<Sent> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...'CHMRTLNBEU'), fc.dictionary(macroNames, fc.string({ maxLength: 9 })))
    .map(([stage, values]) => ({ frame: mta.macros(stage, values), answered: false, step: null })),
  fc
    .constantFrom(
      mta.connect(),
      mta.connect('localhost', '127.0.0.1', 0),
      mta.connect('x', '', 0, 'U'),
      mta.connect('mx.example.net', 'not an address', 1, '6'),
    )
    .map((frame) => ({ frame, answered: true, step: 'connect' as const })),
  sent(mta.helo('mx.example.net'), true, 'helo'),
  path.map((text) => ({ frame: mta.mail(text, 'SIZE=1'), answered: true, step: null })),
  path.map((text) => ({ frame: mta.rcpt(text), answered: true, step: null })),
  sent(mta.data(), true, 'data'),
  fc
    .tuple(fc.constantFrom('Received', 'Delivered-To', 'Subject', ''), fc.string())
    .map(([name, value]) => ({
      frame: mta.header(name, value),
      answered: true,
      step: 'header' as const,
    })),
  sent(mta.endOfHeaders()),
  sent(mta.body('text'), true, 'body'),
  sent(mta.endOfMessage()),
  sent(mta.endOfMessage('last piece')),
  sent(mta.unknown('XYZZY'), true, 'unknown'),
  sent(mta.abort(), false),
  sent(mta.quitNewConnection(), false),
);

const offer = fc.record({
  version: fc.integer({ min: 2, max: 7 }),
  actions: fc.integer({ min: 0, max: 0x1ff }),
  protocol: fc.constantFrom(allSteps, 0x7f, 0x1ff, 0x3ff, 0, 0x1000, 0x3000, silentBits.header),
});

/** Replies that end the wait for an answer; the others are edits, told before it. */
const final = new Set(['c', 'a', 'r', 't', 'd', 'y', 's']);

test('in any order and with any verdicts, each command that expects an answer gets one', () => {
  const commands = fc.array(command, { maxLength: 40 });
  fc.assert(
    fc.property(offer, commands, fc.infiniteStream(verdict), (offered, conversation, verdicts) => {
      const dialog = new Dialog(() => verdicts.next().value);
      const [terms = ''] = dialog.send(
        mta.negotiate(offered.version, offered.actions, offered.protocol),
      );
      const protocol = Number(terms.split(' ')[3]);
      for (const { frame, answered, step } of conversation) {
        const answers = dialog.send(frame);
        const isSilent = step !== null && (protocol & silentBits[step]) !== 0;
        const finals = answers.filter((answer) => final.has(answer[0] ?? ''));
        assert.equal(finals.length, answered && !isSilent ? 1 : 0, `${frame} -> ${answers}`);
        assert.equal(answers.indexOf(finals[0] ?? ''), answers.length - 1, 'edits come first');
        if (answers.length > finals.length) assert.equal(frame[4], 'E'.charCodeAt(0));
      }
      assert.equal(dialog.closed, null);
    }),
    { numRuns: 400 },
  );
});

test('who opted out of a step never promises silence for it as well', () => {
  fc.assert(
    fc.property(offer, (offered) => {
      const [terms = ''] = new Dialog().send(
        mta.negotiate(offered.version, offered.actions, offered.protocol),
      );
      const protocol = Number(terms.split(' ')[3]);
      for (const step of ['body', 'data', 'unknown'] as const)
        assert.ok(!(protocol & skipBits[step] && protocol & silentBits[step]));
    }),
  );
});

test("to the mail server's own recipients nothing is ever refused", () => {
  fc.assert(
    fc.property(fc.array(verdict, { minLength: 8, maxLength: 8 }), (verdicts) => {
      const stream = verdicts.values();
      const dialog = new Dialog(() => stream.next().value ?? assert.fail('too many questions'));
      dialog.send(mta.negotiate(), mta.connect('localhost', '127.0.0.1', 0), mta.mail(''));
      for (let i = 0; i < 5; i++)
        assert.deepEqual(dialog.send(mta.rcpt(`nobody${i}@seaton.biz`)), ['c']);
      assert.deepEqual(dialog.send(mta.endOfHeaders()), ['c']);
    }),
  );
});

test('any bytes at all never throw, and a fault ends the session', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    command.map(({ frame }) => frame),
    fc
      .tuple(fc.constantFrom(...'ODCHMRTLNBEUAQK'), fc.uint8Array({ maxLength: 30 }))
      .map(([letter, body]) =>
        Buffer.concat([Buffer.from([0, 0, 0, body.length + 1]), Buffer.from(letter), body]),
      ),
  );
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 20 }), fc.boolean(), (pieces, busy) => {
      const dialog = new Dialog(undefined, startSession(us, busy ? replies.overloaded : null));
      dialog.send(mta.negotiate());
      for (const piece of pieces) dialog.sendBytes(piece);
    }),
    { numRuns: 500 },
  );
});

test('however the bytes are cut, the replies are the same', () => {
  const conversation = fc.array(
    command.map(({ frame }) => frame),
    { maxLength: 15 },
  );
  fc.assert(
    fc.property(conversation, fc.array(fc.nat(), { maxLength: 10 }), (frames, cuts) => {
      const stream = Buffer.concat([mta.negotiate(), ...frames]);
      const whole = new Dialog().sendBytes(stream);
      const at = [0, ...cuts.map((cut) => cut % stream.length), stream.length].toSorted(
        (a, b) => a - b,
      );
      const dialog = new Dialog();
      const pieces = at.slice(1).map((end, i) => dialog.sendBytes(stream.subarray(at[i], end)));
      assert.deepEqual(Buffer.concat(pieces), Buffer.from(whole));
    }),
  );
});
