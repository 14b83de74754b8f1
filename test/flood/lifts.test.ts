/**
 * What an operator lifted stays lifted where it turns out to be part of a wider flood, and the rest of that is
 * braked: while the server runs, and after a restart.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { keepIncidents, resumeIncidents } from '../../src/journal/incident-keeper.ts';
import { createFloodWatch } from '../../src/judge/flood-watch.ts';
import { openJournalFile } from '../../src/store/sqlite-journal.ts';
import type { Incident } from '../../src/verdict/flood/incident.ts';
import type { Observation } from '../../src/verdict/flood/observation.ts';
import type { Question } from '../../src/verdict/verdict.ts';
import { createFakeClock } from '../fake-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { forgedDomain, forgedSenderAtDoor, minute, morning, Stage } from './scenes.ts';

const forged = 'nicholas@seaton.biz';
const base = { adapter: 'smtp', queueId: null } as const;

function mail(reversePath: string, address = '100.64.9.9'): Question {
  const client = { address, name: null, helo: null };
  const forwardPath = 'info@site-1.example';
  return { ...base, client, reversePath, forwardPath, check: 'mailbox', mayRelay: false };
}

function notice(forwardPath: string): Question {
  const asked = { check: 'notice', forwardPath, nextHop: null } as const;
  return { ...base, adapter: 'delivery', client: null, reversePath: '', ...asked };
}

/** A server whose journal outlives it. */
function openWorld() {
  const folder = temporaryFolder();
  const file = openJournalFile(join(folder.path, 'journal.sqlite'));
  const store = {
    saveIncidents: async (incidents: readonly Incident[]) => file.saveIncidents(incidents),
    incidents: async (query: Parameters<typeof file.incidents>[0]) => file.incidents(query),
  };
  const clock = createFakeClock(morning);
  const start = async () => {
    const watch = createFloodWatch({ now: clock.now });
    const before = await resumeIncidents({ store, watch, clock });
    const onFault = (fault: unknown) => assert.fail(String(fault));
    const quiet = { cpu: () => 0, onIncident() {}, onFault };
    return { watch, keeping: keepIncidents({ store, watch, clock, before, ...quiet }) };
  };
  const end = () => {
    file[Symbol.dispose]();
    folder[Symbol.dispose]();
  };
  return { clock, start, lift: file.liftIncident, incidents: file.incidents, end };
}

interface Course {
  readonly name: string;
  readonly first: readonly Observation[];
  readonly lifted: string;
  readonly next: readonly Observation[];
  /** What it is in the end. */
  readonly subject: string;
  readonly passes: readonly Question[];
  readonly braked: readonly Question[];
}

const size = { count: 1000, clients: 60, length: 20 * minute };

function later(observations: readonly Observation[], by: number): Observation[] {
  return observations.map((one) => ({ ...one, at: one.at + by }));
}

const [one, two, three] = ['192.0.2.7', '198.51.100.7', '203.0.113.7'];

function harvesters(): Observation[] {
  const stage = new Stage('harvesters');
  for (const client of [one, two, three])
    for (let i = 0; i < 100; i++)
      stage.attempt(morning + i, client, forged, stage.inventedMailbox(), 'unknown');
  return stage.observations;
}

function inName(name: string): Observation[] {
  return forgedSenderAtDoor('one', size).observations.map((seen) => ({
    ...seen,
    reversePath: name,
  }));
}

const apart = forgedDomain('one', { ...size, clients: 400 }).observations.map((seen) => ({
  ...seen,
  client: seen.client?.replace(/^\d+/, '77') ?? null,
}));
const courses: readonly Course[] = [
  {
    name: 'a sender at a domain all of whose names are forged then',
    first: inName(forged),
    lifted: '2006-09-05.1',
    next: apart,
    subject: '@seaton.biz',
    passes: [mail(forged), notice(forged)],
    braked: [mail('x@seaton.biz'), notice('x@seaton.biz')],
  },
  {
    name: 'a client that tries who exists, and belongs to a flood in one name then',
    first: harvesters(),
    lifted: '2006-09-05.2',
    next: inName(forged),
    subject: forged,
    passes: [mail('ann@other.example', two), mail(forged, two)],
    braked: [mail('ann@other.example', one), mail('ann@other.example', three), mail(forged)],
  },
  {
    name: 'the client that was seen first, and in whose incident that of the sender goes on',
    first: harvesters(),
    lifted: '2006-09-05.1',
    next: inName(forged),
    subject: forged,
    passes: [mail('ann@other.example', one), mail(forged, one)],
    braked: [mail('ann@other.example', two), mail(forged)],
  },
  {
    name: 'a flood by many clients, and with it what they go on to send in other names',
    first: inName(forged),
    lifted: '2006-09-05.1',
    next: inName('ann@victim.example'),
    subject: forged,
    passes: [mail(forged), mail('ann@victim.example')],
    braked: [],
  },
];

for (const { name, first, lifted, next, subject, passes, braked } of courses)
  test(`lifted: ${name}`, async (t) => {
    const world = openWorld();
    t.after(world.end);
    const { watch, keeping } = await world.start();
    for (const observation of first) watch.observe(observation);
    await world.clock.advance(25 * minute);
    assert.ok(passes.some((question) => watch.brake(question, false)));
    assert.ok(world.lift(lifted));
    await world.clock.advance(2000);
    assert.deepEqual(
      answers(watch, passes),
      passes.map(() => null),
    );
    for (const observation of later(next, 26 * minute)) watch.observe(observation);
    const isRight = (now: typeof watch, when: string) => {
      assert.deepEqual(
        answers(now, passes),
        passes.map(() => null),
        when,
      );
      assert.ok(
        answers(now, braked).every((reason) => reason?.startsWith('flood-')),
        when,
      );
    };
    isRight(watch, 'at once');
    await world.clock.advance(22 * minute);
    isRight(watch, 'once it is saved');
    await keeping[Symbol.asyncDispose]();
    const again = await world.start();
    isRight(again.watch, 'after a restart');
    await world.clock.advance(2000);
    isRight(again.watch, 'later');
    await again.keeping[Symbol.asyncDispose]();
    const open = world.incidents({ isOpen: true });
    assert.deepEqual(
      open.map((told) => [told.id, told.subject]),
      [['2006-09-05.1', subject]],
    );
    assert.equal(open[0]?.isLifted, braked.length === 0);
  });

function answers(watch: ReturnType<typeof createFloodWatch>, questions: readonly Question[]) {
  return questions.map((question) => watch.brake(question, false)?.reason ?? null);
}
