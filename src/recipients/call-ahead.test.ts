import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Reply } from '../mail/reply.ts';
import type { RecipientFacts } from '../verdict/recipient-facts.ts';
import { type CallAhead, createCallAhead } from './call-ahead.ts';
import { createDirectory } from './create-directory.ts';
import { createMemoryVerifyCache } from './memory-verify-cache.ts';
import type { ProbeResult } from './probe.ts';
import { defaultProbeLimits, type ProbeLimits } from './probe-brake.ts';

const destination = { kind: 'smtp', endpoint: { host: '192.0.2.25', port: 25 } } as const;
const hour = 3_600_000;

interface Backend {
  readonly callAhead: CallAhead;
  /** Local parts that were asked for; those we invented are `invented`. */
  readonly asked: string[];
  clock: number;
  answer: (localPart: string) => ProbeResult | Promise<ProbeResult>;
  /** `known`, `unknown`, `refused 552 5.2.2 Full`, `uncertain` */
  find(localPart: string): Promise<string>;
}

function startBackend(
  names: readonly string[],
  options: { onSilent?: 'accept'; limits?: ProbeLimits; patience?: number } = {},
): Backend {
  const asked: string[] = [];
  const callAhead = createCallAhead({
    probe: async (_, path) => {
      const localPart = path.slice(0, path.indexOf('@'));
      asked.push(localPart);
      return await backend.answer(localPart);
    },
    cache: createMemoryVerifyCache(),
    now: () => backend.clock,
    invent: () => 'invented',
    ...options,
  });
  const backend: Backend = {
    callAhead,
    asked,
    clock: 1_000_000,
    answer: (localPart) => (names.includes(localPart) ? yes : no),
    async find(localPart) {
      const question = { destination, domain: 'seaton.biz', localPart, folded: localPart };
      return tell(await callAhead.ask(question));
    },
  };
  return backend;
}

function tell(facts: RecipientFacts): string {
  if (facts.kind !== 'refused') return facts.kind;
  const { code, status, text } = facts.reply;
  return `refused ${code} ${status} ${text}`;
}

const answered = (code: number, status: string, text: string): ProbeResult => {
  const reply: Reply = { code, status, text };
  return { kind: 'answered', reply };
};
const yes = answered(250, '2.1.5', 'Ok');
const no = answered(550, '5.1.1', 'No such user');
const silent: ProbeResult = { kind: 'silent', detail: 'connection refused' };

const answers: readonly [ProbeResult, want: string][] = [
  [yes, 'known'],
  [answered(251, '2.1.5', 'Will forward'), 'known'],
  [no, 'unknown'],
  [answered(550, '', 'Unknown'), 'unknown'],
  [answered(553, '5.1.3', 'Bad address'), 'unknown'],
  [
    answered(550, '5.7.1', 'Your \u001b[31maddress\r\nis blocked'),
    'refused 550 5.7.1 Your [31maddress is blocked',
  ],
  [answered(550, '5.1.8', 'No null sender'), 'refused 550 5.1.8 No null sender'],
  [answered(552, '5.2.2', 'Full'), 'refused 552 5.2.2 Full'],
  [answered(554, 'nonsense', ''), 'refused 554 5.0.0 Refused'],
  [answered(450, '4.2.1', 'Later'), 'uncertain'],
  [answered(421, '4.3.2', 'Closing'), 'uncertain'],
  [silent, 'uncertain'],
];
for (const [answer, want] of answers)
  test(`a backend that says ${JSON.stringify(answer)} makes it ${want}`, async () => {
    const backend = startBackend([]);
    backend.answer = (localPart) => (localPart === 'invented' ? no : answer);
    assert.equal(await backend.find('ann'), want);
  });

test('a yes is remembered for a week and asked again after a day, a no for two hours', async () => {
  const backend = startBackend(['ann']);
  for (let i = 0; i < 3; i++) {
    assert.equal(await backend.find('ann'), 'known');
    assert.equal(await backend.find('bob'), 'unknown');
  }
  assert.deepEqual(backend.asked, ['ann', 'invented', 'bob']);
  backend.clock += 2 * hour;
  backend.answer = (localPart) => (localPart === 'bob' ? yes : no);
  assert.equal(await backend.find('bob'), 'known');
  backend.clock += 24 * hour;
  backend.answer = () => no;
  assert.equal(await backend.find('ann'), 'known');
  await nextTurn();
  assert.equal(await backend.find('ann'), 'unknown', 'the answer that came behind');
});

test('whoever asks meanwhile shares the answer', async () => {
  const backend = startBackend(['ann']);
  const found = await Promise.all(Array.from({ length: 20 }, () => backend.find('ann')));
  assert.deepEqual(new Set(found), new Set(['known']));
  assert.deepEqual(backend.asked, ['ann', 'invented']);
});

test('a backend that knows an invented name proves nothing, and is not asked any more', async () => {
  const backend = startBackend([]);
  backend.answer = () => yes;
  await backend.find('ann');
  const facts = await backend.callAhead.ask({
    destination,
    domain: 'seaton.biz',
    localPart: 'bob',
    folded: 'bob',
  });
  assert.match(facts.kind === 'known' ? facts.how : '', /proves nothing/);
  assert.deepEqual(backend.asked, ['ann', 'invented']);
});

test('a silent backend can be taken on trust', async () => {
  const backend = startBackend([], { onSilent: 'accept' });
  backend.answer = () => silent;
  assert.equal(await backend.find('ann'), 'known');
});

for (const [onSilent, want] of [
  [undefined, 'uncertain'],
  ['accept', 'known'],
] as const)
  test(`nobody waits for a slow backend for long: ${want}; its answer is remembered`, async () => {
    const backend = startBackend(['ann'], { patience: 1, ...(onSilent && { onSilent }) });
    const { promise, resolve } = Promise.withResolvers<ProbeResult>();
    backend.answer = () => promise;
    assert.equal(await backend.find('ann'), want);
    backend.answer = () => no;
    resolve(yes);
    await nextTurn();
    assert.equal(await backend.find('ann'), 'known');
    assert.deepEqual(backend.asked, ['ann', 'invented']);
  });

test('a backend that does not answer is left alone for a while', async () => {
  const backend = startBackend(['ann']);
  const { answer } = backend;
  backend.answer = () => silent;
  for (const name of ['a', 'b', 'c', 'd', 'e']) assert.equal(await backend.find(name), 'uncertain');
  assert.equal(backend.asked.length, 3);
  backend.answer = answer;
  backend.clock += 10_000;
  assert.equal(await backend.find('ann'), 'known');
});

test('only so many questions are under way at once, and only so many wait', async () => {
  const backend = startBackend([]);
  let underWay = 0;
  let most = 0;
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  backend.answer = async (localPart) => {
    most = Math.max(most, ++underWay);
    await gate;
    underWay--;
    return localPart === 'invented' ? no : yes;
  };
  const found = Array.from({ length: 60 }, (_, i) => backend.find(`a${i}`));
  openGate();
  const told = await Promise.all(found);
  assert.equal(most, defaultProbeLimits.inFlight);
  assert.equal(told.filter((kind) => kind === 'uncertain').length, 60 - 50 - 5);
});

test('a dictionary attack costs the backend one question a second, and known mailboxes pass', async () => {
  const limits = { inFlight: 5, perSecond: 1000, burst: 1000 };
  const backend = startBackend(['ann', 'new'], { limits });
  assert.equal(await backend.find('ann'), 'known');
  const told = new Map<string, number>();
  for (let second = 0; second < 60; second++) {
    backend.clock += 1000;
    for (let i = 0; i < 50; i++) {
      const kind = await backend.find(`x${second}-${i}`);
      told.set(kind, (told.get(kind) ?? 0) + 1);
    }
    assert.equal(await backend.find('ann'), 'known');
  }
  assert.ok(backend.asked.length < 120, `${backend.asked.length} questions`);
  assert.equal(told.get('uncertain'), 3000 - (told.get('unknown') ?? 0));
  assert.equal(await backend.find('new'), 'uncertain');
  backend.clock += 1000;
  assert.equal(await backend.find('new'), 'known', 'its question is let through in the end');
  backend.clock += 10 * 60_000;
  assert.equal(await backend.find('y1'), 'unknown');
  assert.equal(await backend.find('y2'), 'unknown', 'the attack is over');
});

test('who was turned away by an attack and comes again need not wait for it to end', async () => {
  const limits = { inFlight: 5, perSecond: 20, burst: 100 };
  const backend = startBackend(['new'], { limits });
  const flood = async () => {
    for (let i = 0; i < 60; i++) await backend.find(`x${backend.clock}-${i}`);
  };
  await flood();
  assert.equal(await backend.find('new'), 'uncertain');
  // The flood takes whatever is let through of new names; the sender comes again as servers do.
  for (let second = 0; second < 11; second++) {
    backend.clock += 1000;
    await flood();
  }
  assert.equal(await backend.find('new'), 'known');
  assert.equal(await backend.find('never seen'), 'uncertain', 'the attack goes on');
});

test('a directory asks the backend about names that no list knows', async () => {
  const backend = startBackend(['bob']);
  const domain = {
    name: 'seaton.biz',
    mailboxes: ['ann'],
    aliases: [],
    catchAll: null,
    destination,
    maps: [],
    verify: 'backend',
    cutThrough: false,
  } as const;
  const directory = createDirectory({ domains: [domain], callAhead: backend.callAhead });
  for (const [path, want] of [
    ['ann@seaton.biz', 'known'],
    ['postmaster@seaton.biz', 'known'],
    ['bob@seaton.biz', 'known'],
    ['carol@seaton.biz', 'unknown'],
    ['carol@elsewhere.example', 'foreign'],
  ] as const)
    assert.equal((await directory.find(path)).kind, want, path);
  assert.deepEqual(backend.asked, ['bob', 'invented', 'carol']);
});
