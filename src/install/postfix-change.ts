/**
 * Puts the guard into a machine's main.cf, or takes it out: shown or written.
 */
import { addGuard, removeGuard } from '../foreign/postfix/guard-block.ts';
import { parametersOf } from '../foreign/postfix/guard-lines.ts';
import {
  defaultPostfixGuardSettings,
  type PostfixGuardSettings,
} from '../foreign/postfix/guard-settings.ts';
import { readParameters, squeezeBlanks } from '../foreign/postfix/main-cf.ts';
import { few } from '../machine/failure.ts';
import {
  overridesOf,
  type Postconf,
  type PostfixPlace,
  parsePostconf,
  readPostconf,
} from '../machine/postfix.ts';
import type { Root } from '../machine/root.ts';
import { quote } from '../mail/shell-word.ts';
import { askAside } from './ask-aside.ts';
import { type ChangePlan, changesOf, faultAt, troublePlan, type What } from './change-flow.ts';
import type { NewFile } from './place-files.ts';
import {
  installCommand,
  lookAtPostfix,
  type PostfixOptions,
  type PostfixScene,
} from './postfix-scene.ts';
import { note, type Step, trouble, well } from './report.ts';

export const postfixChange = changesOf<PostfixOptions, PostfixScene>({
  look: lookAtPostfix,
  command: ({ place }) => installCommand(place),
  place: ({ place }) => place.mainCf,
  plan,
  reload: ({ place }) => ['postfix', ...place.instance, 'reload'].map(quote).join(' '),
});

async function plan(scene: PostfixScene, options: PostfixOptions, what: What): Promise<ChangePlan> {
  const { installed, text, place } = scene;
  if (installed && 'kind' in installed)
    return troublePlan('guard', faultAt(place.mainCf, installed));
  const settings =
    what === 'remove'
      ? null
      : { ...(installed ?? defaultPostfixGuardSettings), ...options.settings };
  const without = removeGuard(text);
  if (typeof without !== 'string') return troublePlan('guard', faultAt(place.mainCf, without));
  const after = settings ? addGuard(without, settings, place.queueFolder) : without;
  if (typeof after !== 'string') return troublePlan('guard', after.problem);
  const file: NewFile = {
    path: place.mainCf,
    before: text,
    after,
    hadGuard: without !== text,
    hasGuard: settings !== null,
  };
  return {
    steps: settings
      ? [...(await overrideNotes(scene, settings)), ...relayNotes(scene, settings)]
      : [],
    files: [file],
    meaning: settings ? meaningOf(settings) : [],
    tryOut: { isAside: true, run: () => tryOut(scene, after, settings) },
    judge: null,
  };
}

async function overrideNotes(
  { root, place }: PostfixScene,
  settings: PostfixGuardSettings,
): Promise<Step[]> {
  const names = new Set(settings.hooks.flatMap((hook) => parametersOf[hook]));
  const found = await overridesOf(root, place, names);
  if (found.length === 0) return [];
  const how = `postconf ${[...place.instance, '-P'].join(' ')} '${found[0]}=...'`;
  return [
    note(
      'master.cf',
      `has values of its own, which stay as they are: ${found.join(', ')} (${how} changes one)`,
    ),
  ];
}

/** What Postfix sends elsewhere for all domains, the guard must know of. */
function relayNotes({ text }: PostfixScene, { hooks }: PostfixGuardSettings): Step[] {
  const relay = readParameters(text).get('relayhost') ?? '';
  if (relay === '') return [];
  const found = `relayhost = ${relay}`;
  return [
    ...(hooks.includes('milter')
      ? [
          note(
            'relay',
            `${found}: unless smarthosts of [verdict] in spillway.toml names that host, every domain counts as one that you route there on purpose`,
          ),
        ]
      : []),
    ...(hooks.includes('sink')
      ? [
          note(
            'relay',
            `${found}: notices go past it, unless smarthost of [relay] names it as well`,
          ),
        ]
      : []),
  ];
}

/** What postconf says against the new main.cf, or reads otherwise than we do, before it is in its place. */
async function tryOut(
  { root, place }: PostfixScene,
  after: string,
  settings: PostfixGuardSettings | null,
): Promise<Step[]> {
  const now = await readPostconf(root, place.instance, ['-n']);
  const { values, warnings, failure } = await readPostconfOf(root, place, after);
  const names = settings?.hooks.flatMap((hook) => parametersOf[hook]) ?? [];
  const meant = readParameters(after);
  const problems = [
    ...(failure === null ? warnings.filter((line) => !now.warnings.includes(line)) : [failure]),
    ...names
      .filter(
        (name) => squeezeBlanks(values.get(name) ?? '') !== squeezeBlanks(meant.get(name) ?? ''),
      )
      .map((name) => `${name} = ${values.get(name) ?? ''}`),
  ];
  return [
    problems.length === 0
      ? well('check', `postconf reads the new ${place.mainCf} as it is meant`)
      : trouble('check', `postconf does not take the new ${place.mainCf}:${few(problems)}`),
  ];
}

/** As readPostconf, of the instance with another main.cf. */
async function readPostconfOf(
  root: Root,
  { configFolder }: PostfixPlace,
  text: string,
): Promise<Postconf> {
  const aside = { name: 'main.cf', text, beside: configFolder };
  return parsePostconf(await askAside(root, aside, ['postconf', '-c', '.', '-n'], configFolder));
}

function meaningOf({
  hooks,
  onFailure,
  milter,
  policy,
  socketmap,
  sink,
}: PostfixGuardSettings): string[] {
  const sentences = {
    milter: `Each message that comes in by SMTP passes the milter at ${milter}: senders that cannot be reported to and recipients that cannot be reached are refused there.`,
    policy: `At each recipient Postfix asks the policy service at ${policy}, once it has found that it would take the mail.`,
    notices: `The notices that Postfix writes itself, and what local programs hand in, pass the milter at ${milter}: a notice that could never arrive ends there, with a receipt.`,
    transport: `Whatever goes out, Postfix asks the table at ${socketmap} for its transport first: a dead end fails without a connection.`,
    sink: `The notices that Postfix would send to other domains, those in its queue too, are handed to Spillway at ${sink}: it refuses those that could never arrive, and delivers the others itself. While it is away they wait.`,
  };
  return [
    ...hooks.map((hook) => sentences[hook]),
    onFailure === 'open'
      ? 'While the guard does not answer, mail goes on as if it were not there (--on-failure closed lets it wait).'
      : 'While the guard does not answer, mail waits: it is deferred where it comes in.',
  ];
}
