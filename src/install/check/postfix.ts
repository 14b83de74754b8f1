/**
 * Postfix and its settings, as `spillway check` tells of them.
 */
import { foretellPostfix, noticeParameters } from '../../foreign/postfix/notices-foretold.ts';
import {
  type DomainClass,
  domainClasses,
  domainClassNames,
  foretellUnknown,
  listItems,
  unknownParameters,
} from '../../foreign/postfix/unknown-foretold.ts';
import { type UnknownForetold, unknownForetold } from '../../foreign/unknown-recipient.ts';
import { failureOf } from '../../machine/failure.ts';
import {
  findPostfixPlace,
  isPostfixRunning,
  mailPortOf,
  type PostfixPlace,
  readPostconf,
} from '../../machine/postfix.ts';
import { type Root, readText } from '../../machine/root.ts';
import { askNextHops } from '../../rescue/postfix/next-hops.ts';
import { askMilter, askPolicy, askSmtp, askSocketmap } from '../ask-guard.ts';
import { faultAt } from '../change-flow.ts';
import { noticeCheckOf } from '../postfix-probe.ts';
import { installCommand, lookAtPostfix } from '../postfix-scene.ts';
import { type AskedDoor, readDoors } from './doors.ts';
import { findUnknown, openDoor } from './hosted.ts';
import { type GuardFound, muteServer, noGuard, type ServerCheck } from './server-check.ts';

/** Each instance that the default one knows of. */
export async function checkPostfix(root: Root): Promise<ServerCheck[]> {
  const first = await findPostfixPlace(root);
  if (!first) return [];
  if ('problem' in first) return [muteServer('postfix', 'Postfix', first.problem)];
  const checks = [await checkInstance(root, first)];
  for (const folder of first.others) {
    const place = await findPostfixPlace(root, folder);
    if (!place) continue;
    if ('problem' in place)
      checks.push(muteServer('postfix', `Postfix in ${folder}`, place.problem));
    else checks.push(await checkInstance(root, place));
  }
  return checks;
}

async function checkInstance(root: Root, place: PostfixPlace): Promise<ServerCheck> {
  const isRunning = await isPostfixRunning(root, place);
  const names = [...noticeParameters, ...unknownParameters];
  const { values } = await readPostconf(root, place.instance, ['-x', ...names]);
  const guard = await findGuard(root, place);
  const { domains, unlisted } = await hostedBy(root, place, values);
  const port = isRunning ? await mailPortOf(root, place) : null;
  return {
    mta: 'postfix',
    title: `Postfix ${place.version}`,
    problem: null,
    isRunning,
    configuration: place.mainCf,
    install: `${installCommand(place)} --apply`,
    guard,
    notices: {
      loopback: foretellPostfix(values, 'loopback'),
      'null-mx': foretellPostfix(values, 'null-mx'),
    },
    unknown: await findUnknown(
      { domains: [...domains.keys()], unlisted },
      (addresses) => foretell(root, place, values, domains, addresses),
      openDoor(root, typeof port === 'number' ? port : null, true),
    ),
  };
}

async function findGuard(root: Root, { configFolder }: PostfixPlace): Promise<GuardFound> {
  const { steps, scene } = await lookAtPostfix({ root, settings: {}, configFolder });
  if (!scene) return { ...noGuard, found: steps.map(({ found }) => found).slice(-1) };
  const { installed, place } = scene;
  if (installed === null) return noGuard;
  if ('kind' in installed)
    return {
      ...noGuard,
      state: 'faulty',
      found: [faultAt(place.mainCf, installed)],
    };
  const { hooks, milter, policy, socketmap, sink, onFailure } = installed;
  const doors: AskedDoor[] = [];
  if (hooks.includes('milter') || hooks.includes('notices'))
    doors.push(['milter', milter, await askMilter(root, milter)]);
  if (hooks.includes('policy')) doors.push(['policy', policy, await askPolicy(root, policy)]);
  if (hooks.includes('transport'))
    doors.push(['socketmap', socketmap, await askSocketmap(root, socketmap)]);
  if (hooks.includes('sink')) doors.push(['sink', sink, await askSmtp(root, sink)]);
  const { isAnswering, found } = readDoors(doors);
  const noticesBy = noticeCheckOf(hooks);
  return { ...noGuard, state: 'installed', noticesBy, onFailure, isAnswering, found };
}

type Classes = ReadonlyMap<string, DomainClass>;

async function hostedBy(
  root: Root,
  place: PostfixPlace,
  values: ReadonlyMap<string, string>,
): Promise<{ domains: Classes; unlisted: string[] }> {
  const domains = new Map<string, DomainClass>();
  const unlisted: string[] = [];
  for (const domainClass of domainClassNames) {
    const parameter = domainClasses[domainClass].domains;
    for (const item of listItems(values.get(parameter) ?? '')) {
      const names = await namesIn(root, place, item);
      if ('problem' in names) unlisted.push(`${parameter}: ${names.problem}`);
      // The default of virtual_alias_domains is a list of addresses as well.
      else
        for (const one of names)
          if (!one.includes('@') && !domains.has(one)) domains.set(one, domainClass);
    }
  }
  return { domains, unlisted };
}

/** Names that an item of a list stands for: itself, the lines of a file, the keys of a table. */
async function namesIn(
  root: Root,
  { instance }: PostfixPlace,
  item: string,
): Promise<readonly string[] | { readonly problem: string }> {
  if (item.startsWith('!') || /^\.?[\w-]+(\.[\w-]+)*$/.test(item)) return [item].filter(isPlain);
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => line.trim().split(/\s/, 1)[0] ?? '')
      .filter((name) => name !== '' && !name.startsWith('#'));
  if (item.startsWith('/')) {
    const text = await readText(root, item);
    return typeof text === 'string' ? lines(text) : text;
  }
  const inline = /^inline:\{(.*)\}$/s.exec(item)?.[1];
  if (inline !== undefined)
    return [...inline.matchAll(/\{\s*([^\s=}]+)\s*=/g)].map(([, name = '']) => name);
  if (!isTable(item)) return { problem: item };
  const ran = await root.run('/', ['postmap', ...instance, '-s', item]);
  return ran.status === 0
    ? lines(ran.stdout)
    : { problem: `${item}, ${failureOf('postmap -s', ran)}` };
}

/** `TYPE:NAME`. What begins with a dash postmap would take for an option. */
function isTable(item: string): boolean {
  return /^[a-z]\w*:/.test(item);
}

/** A pattern such as `.example.org` names no single domain. */
function isPlain(name: string): boolean {
  return !name.startsWith('.') && !name.startsWith('!');
}

async function foretell(
  root: Root,
  place: PostfixPlace,
  values: ReadonlyMap<string, string>,
  domains: Classes,
  addresses: readonly string[],
): Promise<UnknownForetold[]> {
  const { configFolder, queueFolder, masterPath } = place;
  const daemonFolder = masterPath.slice(0, masterPath.lastIndexOf('/'));
  const hops = await askNextHops({ root, configFolder, queueFolder, daemonFolder }, addresses);
  const answers: UnknownForetold[] = [];
  for (const address of addresses) {
    const domain = address.slice(address.lastIndexOf('@') + 1);
    const domainClass = domains.get(domain) ?? 'local';
    const catchAll = await findCatchAll(root, place, values, domainClass, domain);
    if (catchAll !== null && typeof catchAll !== 'string') {
      answers.push(unknownForetold('unclear', catchAll.problem));
      continue;
    }
    const hop = hops.get(address);
    const backend = domainClass === 'relay' && hop ? hop.host.replace(/^\[|\].*$/g, '') : null;
    answers.push(foretellUnknown(values, { class: domainClass, catchAll, backend }));
  }
  return answers;
}

/** The table that has `@domain`, or one that cannot tell. */
async function findCatchAll(
  root: Root,
  { instance }: PostfixPlace,
  values: ReadonlyMap<string, string>,
  domainClass: DomainClass,
  domain: string,
): Promise<string | { readonly problem: string } | null> {
  const { recipients } = domainClasses[domainClass];
  for (const parameter of new Set(['virtual_alias_maps', recipients]))
    for (const table of listItems(values.get(parameter) ?? '')) {
      // The users of the machine are no addresses.
      if (!isTable(table) || /^(unix|proxy:unix):/.test(table)) continue;
      const ran = await root.run('/', ['postmap', ...instance, '-q', `@${domain}`, table]);
      if (ran.status === 0 && ran.stdout.trim() !== '') return `${parameter}, ${table},`;
      // It ends with 1 for what it has not, and says nothing.
      if (ran.status !== 0 && (ran.status !== 1 || ran.stderr !== ''))
        return { problem: `${parameter}, ${table}: ${failureOf('postmap -q', ran)}` };
    }
  return null;
}
