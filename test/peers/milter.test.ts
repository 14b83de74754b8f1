/**
 * The milter session against its two real peers, sendmail 8.17 and Postfix 3.7, over a unix socket.
 *
 * The judge is the test's own: what counts here is what the servers tell, and what they make of the
 * answers. Nobody answers DNS, so nothing leaves the machine.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Judge } from '../../src/judge/judge.ts';
import type { Listener } from '../../src/server/listener.ts';
import type { Log } from '../../src/server/log.ts';
import { serveMilter } from '../../src/server/milter.ts';
import { judgeLoop } from '../../src/verdict/loop.ts';
import { noLoopFacts } from '../../src/verdict/loop-facts.ts';
import type { Question, Verdict } from '../../src/verdict/verdict.ts';
import { accepted, us } from '../milter/dialog.ts';
import type { Machine } from './machine.ts';
import { addresses, type Network, openNetwork } from './network.ts';
import { run } from './place.ts';
import { openPostfix } from './postfix.ts';
import { whyNot } from './requirements.ts';
import { openSendmail } from './sendmail.ts';
import { until } from './until.ts';

const skip = await whyNot();
const socket = '/run/guard.sock';
const identity = { ...us, ownNames: new Set(['mx.host.example']) };
const nameservers = ['127.0.0.1'];

/** Judges by the words in an address, and remembers what it was asked. */
class Recorder implements Judge {
  questions: Question[] = [];
  readonly faults: object[] = [];
  readonly log: Log = {
    info() {},
    warn: (details) => void this.faults.push(details),
    error: (details) => void this.faults.push(details),
  };

  ask(question: Question): Verdict {
    this.questions.push(question);
    if (question.check === 'loop') return judgeLoop(question.facts);
    const path = (question.check === 'sender' ? question.reversePath : question.forwardPath) ?? '';
    const base = { reason: 'loopback', steps: [] } as const;
    if (path.includes('refuse'))
      return { ...base, action: 'refuse', reply: { code: 550, status: '5.1.8', text: '100% no' } };
    if (path.includes('defer'))
      return { ...base, action: 'defer', reply: { code: 451, status: '4.4.3', text: 'later' } };
    if (path.includes('discard')) return { ...base, action: 'discard', reply: null };
    if (path.includes('quarantine')) return { ...base, action: 'quarantine', reply: null };
    return accepted;
  }

  serve(machine: Machine): Promise<Listener> {
    // The servers connect as users of their own.
    return serveMilter(
      this,
      { path: machine.path(socket) },
      { identity, log: this.log, mode: 0o666 },
    );
  }

  /** The questions since the last call. */
  take(): Question[] {
    return this.questions.splice(0);
  }
}

const talk = `
exec 3<>"/dev/tcp/$0/25"
reply() { while IFS= read -r line <&3; do [[ $line =~ ^[0-9]{3}' ' ]] && break; done; echo "$line"; }
reply >/dev/null
while IFS= read -r command; do printf '%b\\r\\n' "$command" >&3; reply; done`;

/** One SMTP session from outside; the last line of each reply, without line end. */
async function smtp(network: Network, ...commands: string[]): Promise<string[]> {
  const input = ['EHLO client.example', ...commands, 'QUIT'].map((line) => `${line}\n`).join('');
  const output = await run(network.world, ['bash', '-c', talk, addresses.server.v4], { input });
  return output
    .split('\n')
    .map((line) => line.replace('\r', ''))
    .slice(1, -2);
}

function message(...headers: string[]): string {
  return `${[...headers, 'Subject: hello', '', 'body', '.'].join('\\r\\n')}`;
}

function codes(replies: readonly string[]): string {
  return replies.map((reply) => reply.slice(0, 3)).join(' ');
}

const isNotice = ({ check }: Question): boolean => check === 'notice';

const sender = 'MAIL FROM:<ann@client.example>';

test('sendmail asks, obeys, and tells where it would send', { skip }, async () => {
  await using network = await openNetwork();
  const judge = new Recorder();
  await using sendmail = await openSendmail({
    network,
    nameservers,
    mc: {
      features: [
        "FEATURE(`accept_unresolvable_domains')dnl",
        `INPUT_MAIL_FILTER(\`guard', \`S=unix:${socket}, F=T')dnl`,
      ],
    },
    relay: { 'relay.example': addresses.sink.v4 },
  });
  await using _listener = await judge.serve(sendmail.machine);
  await sendmail.start();

  // refused sender, and a refused and an accepted recipient after it
  const refusals = await smtp(
    network,
    'MAIL FROM:<nicholas@refuse.example>',
    sender,
    'RCPT TO:<refuse@relay.example>',
    'RCPT TO:<defer@relay.example>',
    'RCPT TO:<root@localhost>',
    'DATA',
    message(),
  );
  assert.equal(refusals[0], '550 5.1.8 <nicholas@refuse.example>... 100% no');
  assert.equal(codes(refusals), '550 250 550 451 250 354 250');
  const [first, second, third, ...rest] = judge.take();
  assert.ok(first?.check === 'sender' && third?.check === 'mailbox');
  assert.deepEqual(first.client, {
    address: addresses.sender.v4,
    name: null,
    helo: 'client.example',
  });
  assert.deepEqual(first.nextHop, {
    mailer: 'esmtp',
    host: 'refuse.example',
    address: 'nicholas@refuse.example',
  });
  assert.deepEqual(third.nextHop, {
    mailer: 'esmtp',
    host: `[${addresses.sink.v4}]`,
    address: 'refuse@relay.example',
  });
  assert.match(String(second?.queueId), /^[0-9A-Za-z]{14,}$/);
  assert.equal(third.queueId, second?.queueId);
  assert.deepEqual(
    rest.map(({ check, forwardPath }) => `${check} ${forwardPath}`),
    ['mailbox defer@relay.example', 'mailbox root@localhost', 'loop root@localhost'],
  );

  // one recipient of two discarded; a whole message discarded; one in quarantine; one in a loop
  const received = 'Received: from a.example by mx.host.example; Tue, 5 Sep 2006 10:00:00 +0200';
  const discards = await smtp(
    network,
    sender,
    'RCPT TO:<root+discard@localhost>',
    'RCPT TO:<root@localhost>',
    'DATA',
    message(),
    'MAIL FROM:<discard@client.example>',
    'RCPT TO:<root@localhost>',
    'DATA',
    message(),
    sender,
    'RCPT TO:<root+quarantine@localhost>',
    'DATA',
    message(),
    sender,
    'RCPT TO:<root@localhost>',
    'DATA',
    message(...Array.from({ length: 6 }, () => received)),
  );
  assert.equal(
    codes(discards),
    '250 250 250 354 250 ' + '250 250 354 250 ' + '250 250 354 250 ' + '250 250 354 554',
  );
  assert.equal(discards.at(-1), '554 5.4.6 Mail loop detected');
  const log = (await sendmail.machine.log()).join('\n');
  assert.match(log, /Milter \(guard\) delete: rcpt <root\+discard@localhost>/);
  assert.match(log, /Milter: from=<discard@client\.example>, discard/);
  const held = await run(sendmail.machine.place, ['mailq', '-qQ']);
  assert.match(held, /QUARANTINE: its mail server is a loopback address/);

  // what the machine submits to itself
  judge.take();
  const submission = "printf 'Subject: x\\n\\nbody\\n' | sendmail -i root@localhost";
  await run(sendmail.machine.place, ['sh', '-c', submission]);
  assert.ok(await until(async () => judge.questions.length >= 3));
  const loop = judge.take().at(-1);
  assert.ok(loop?.check === 'loop');
  assert.deepEqual(loop.facts, {
    ...noLoopFacts,
    received: 1,
    ownReceived: 1,
    fromOurselves: true,
  });
  assert.deepEqual(judge.faults, []);
  await sendmail.stop();
});

test('Postfix asks, obeys, and keeps nothing of its own notices to a black hole', {
  skip,
}, async () => {
  await using network = await openNetwork();
  const judge = new Recorder();
  await using postfix = await openPostfix({
    network,
    nameservers,
    relay: { 'relay.example': addresses.sink.v4 },
    settings: {
      smtpd_milters: `unix:${socket}`,
      non_smtpd_milters: `unix:${socket}`,
      internal_mail_filter_classes: 'bounce, notify',
      local_recipient_maps: '',
      disable_dns_lookups: 'yes',
      // Where everything goes that is not for here.
      default_transport: 'retry:4.0.0 not now',
    },
  });
  const { machine } = postfix;
  await using _listener = await judge.serve(machine);
  await postfix.start();

  const refusals = await smtp(
    network,
    'MAIL FROM:<nicholas@refuse.example>',
    sender,
    'RCPT TO:<refuse@localhost>',
    'RCPT TO:<defer@localhost>',
    'RCPT TO:<root@localhost>',
    'RCPT TO:<discard@localhost>',
    'DATA',
    message(),
    sender,
    'RCPT TO:<quarantine@localhost>',
    'DATA',
    message(),
    sender,
    'RCPT TO:<root@localhost>',
    'DATA',
    message(...Array.from({ length: 6 }, () => 'Received: by mx.host.example; Tue')),
  );
  assert.equal(refusals[0], '550 5.1.8 100% no');
  assert.equal(
    codes(refusals),
    '550 250 550 451 250 250 354 250 ' + '250 250 354 250 ' + '250 250 354 554',
  );
  // What is for root is delivered meanwhile.
  const queues = async () => (await postfix.queue()).map(({ queue }) => queue).join();
  assert.ok(await until(async () => (await queues()) === 'hold'), await queues());
  const first = judge.take();
  assert.deepEqual(first[0]?.client, {
    address: addresses.sender.v4,
    name: null,
    helo: 'client.example',
  });
  const loop = first.find(({ check }) => check === 'loop');
  assert.match(String(loop?.queueId), /^[0-9A-F]{6,}$/);

  // its own notices: to a dead sender, to a live one, to one that nobody knows about at the moment
  await noticeTo('refuse@dead.example');
  assert.ok(
    await logged(/milter-discard: END-OF-MESSAGE from localhost.*to=<refuse@dead\.example>/),
  );
  await noticeTo('ann@live.example');
  assert.ok(await logged(/from=<>.*\(queue active\)/));
  assert.ok(await logged(/to=<ann@live\.example>.*status=deferred/));
  await noticeTo('defer@doubt.example');
  assert.ok(await logged(/milter-reject: END-OF-MESSAGE.* later; from=<> to=<defer@doubt/));
  // in doubt, the message that failed waits, and Postfix tries to report it again
  judge.ask = () => accepted;
  await run(machine.place, ['postfix', 'flush']);
  assert.ok(await logged(/to=<defer@doubt\.example>.*status=deferred \(not now\)/));
  const waiting = (await postfix.queue()).filter(({ queue }) => queue !== 'hold');
  assert.deepEqual(
    waiting.map(({ sender: from, recipients }) => `${from} ${recipients}`).toSorted(),
    ['MAILER-DAEMON ann@live.example', 'MAILER-DAEMON defer@doubt.example'],
  );
  assert.ok(!(await machine.log()).some((line) => /milter configuration error/.test(line)));
  assert.deepEqual(judge.faults, []);

  // a message that is queued again is not shown to a milter a second time
  judge.ask = Recorder.prototype.ask;
  judge.take();
  await run(machine.place, ['sh', '-c', 'postsuper -r ALL hold 2>/dev/null']);
  // This wakes up the one that looks for submissions.
  await run(machine.place, ['sendmail', 'root@localhost'], { input: 'Subject: x\n\nbody\n' });
  assert.ok(await logged(/to=<quarantine@localhost>.*status=bounced/));
  assert.ok(await until(async () => judge.questions.some(isNotice)));
  for (const { client, reversePath } of judge.take()) {
    assert.equal(client, null);
    assert.notEqual(reversePath, 'ann@client.example');
  }
  await postfix.stop();

  async function noticeTo(path: string): Promise<void> {
    // The judge is asked about the sender as well: here it lets everybody in.
    judge.ask = (question) =>
      question.check === 'sender' ? accepted : Recorder.prototype.ask.call(judge, question);
    const replies = await smtp(
      network,
      `MAIL FROM:<${path}>`,
      'RCPT TO:<unknown-user@localhost>',
      'DATA',
      message(),
    );
    assert.equal(codes(replies), '250 250 354 250');
  }

  async function logged(pattern: RegExp): Promise<boolean> {
    return until(async () => (await machine.log()).some((line) => pattern.test(line)));
  }
});
