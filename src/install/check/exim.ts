/**
 * Exim and its settings, as `spillway check` tells of them.
 */
import { readdir } from 'node:fs/promises';
import { foretellExim } from '../../foreign/exim/notices-foretold.ts';
import { asksGuard, type ToldDriver } from '../../foreign/exim/told-drivers.ts';
import {
  domainLists,
  readSession,
  readUnknown,
  sessionFor,
} from '../../foreign/exim/unknown-answers.ts';
import type { UnknownForetold } from '../../foreign/unknown-recipient.ts';
import {
  type EximProgram,
  eximConfigFile,
  eximOptionOf,
  findEximProgram,
  meetExim,
} from '../../machine/exim.ts';
import { outside, type Root, readText } from '../../machine/root.ts';
import { askReadsocket } from '../ask-guard.ts';
import { isDaemonRunning } from '../exim-daemon.ts';
import { toldRouters, unguardedRouters } from '../exim-routers.ts';
import { lookAtExim } from '../exim-scene.ts';
import { readDoors } from './doors.ts';
import { findUnknown, type Hosted } from './hosted.ts';
import { type GuardFound, muteServer, noGuard, type ServerCheck } from './server-check.ts';

export async function checkExim(root: Root): Promise<ServerCheck[]> {
  const program = await findEximProgram(root);
  if (!program) return [];
  const met = await meetExim(program);
  if ('problem' in met) return [muteServer('exim', 'Exim', met.problem)];
  const routers = await toldRouters(program);
  const habits = {
    routers,
    ignoreBounceErrorsAfter: (await eximOptionOf(program, 'ignore_bounce_errors_after')) ?? '10w',
    timeoutFrozenAfter: (await eximOptionOf(program, 'timeout_frozen_after')) ?? '0s',
  };
  const guard = await findGuard(root, routers);
  const configFile = await eximConfigFile(program);
  const check: ServerCheck = {
    mta: 'exim',
    title: `Exim ${met.version}`,
    problem: null,
    isRunning: await isDaemonRunning(program),
    configuration: typeof configFile === 'string' ? configFile : null,
    install: 'spillway install exim --apply',
    guard,
    notices: {
      loopback: foretellExim(habits, 'loopback'),
      'null-mx': foretellExim(habits, 'null-mx'),
    },
    // Exim plays a session with a stranger: its own door might allow this machine more.
    unknown: await findUnknown(await hostedBy(program), (all) => foretell(program, all), null),
  };
  return [check];
}

async function findGuard(root: Root, routers: readonly ToldDriver[]): Promise<GuardFound> {
  const { steps } = await lookAtExim({ root, settings: {} });
  const fault = steps.find(({ name, outcome }) => name === 'guard' && outcome === 'trouble');
  if (fault) return { ...noGuard, state: 'faulty', found: [fault.found] };
  const router = routers.find(asksGuard);
  if (!router) return noGuard;
  // What Exim reads counts, whoever wrote it.
  const text = router.options.join('\n');
  const told = /readsocket\{(?:inet:)?([^}]+)\}/.exec(text)?.[1] ?? '';
  const endpoint = told.startsWith('/') ? `unix:${told}` : told;
  const { isAnswering, found } = readDoors([
    ['readsocket', endpoint, await askReadsocket(root, endpoint)],
  ]);
  const unguarded = unguardedRouters(routers);
  return {
    ...noGuard,
    state: 'installed',
    noticesBy: unguarded.length === 0 ? 'notice' : null,
    onFailure: text.includes('Mail is not checked') ? 'closed' : 'open',
    isAnswering,
    found: [...found, ...unguarded.map(({ name, why }) => `router ${name}: ${why}`)],
  };
}

/** A stranger's address: TEST-NET-3 is nobody's. */
const stranger = '203.0.113.9';

async function foretell(
  program: EximProgram,
  addresses: readonly string[],
): Promise<UnknownForetold[]> {
  if (addresses.length === 0) return [];
  const { stdout } = await program.run(['-bh', stranger], sessionFor(addresses));
  const replies = readSession(stdout, addresses.length);
  const answers: UnknownForetold[] = [];
  for (const [i, address] of addresses.entries()) {
    const routed = await program.run(['-bt', address]);
    answers.push(readUnknown(replies[i] ?? null, routed.stdout));
  }
  return answers;
}

/** All named lists of domains; what is no name, file or folder of names cannot be listed. */
async function hostedBy(program: EximProgram): Promise<Hosted> {
  const { stdout } = await program.run(['-bP', 'config']);
  const host = (await eximOptionOf(program, 'primary_hostname')) ?? '';
  const domains: string[] = [];
  const unlisted: string[] = [];
  for (const [name, items] of domainLists(stdout))
    for (const item of items) {
      const names = item === '@' ? [host] : await namesIn(program.root, item);
      if (names) domains.push(...names);
      else unlisted.push(`domainlist ${name}: ${item}`);
    }
  return { domains, unlisted };
}

async function namesIn(root: Root, item: string): Promise<string[] | null> {
  if (/^[\w-]+(\.[\w-]+)*$/.test(item)) return [item];
  // Patterns, other lists and what is excluded name no single domain.
  if (/^[!+*^@]/.test(item)) return [];
  const [, kind, path = ''] =
    /^(?:partial\d*(?:\([^)]*\))?-)?(lsearch|wildlsearch|dsearch)\s*;\s*(\/\S+)$/.exec(item) ?? [];
  const place = item.startsWith('/') ? item : path;
  if (place === '' || /[${]/.test(place)) return null;
  if (kind === 'dsearch') return await readdir(outside(root, place)).catch(() => null);
  const text = await readText(root, place);
  return typeof text === 'string' ? namesOf(text) : null;
}

/** The first word of each line, without what follows a colon. */
function namesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => /^[\w.-]+/.exec(line)?.[0] ?? '')
    .filter((name) => name !== '');
}
