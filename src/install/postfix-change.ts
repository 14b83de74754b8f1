/**
 * Puts the guard into a machine's main.cf, or takes it out: shown or written.
 */
import { readFile } from 'node:fs/promises';
import { addGuard, removeGuard } from '../foreign/postfix/guard-block.ts';
import { parametersOf } from '../foreign/postfix/guard-lines.ts';
import {
  defaultPostfixGuardSettings,
  type PostfixGuardSettings,
} from '../foreign/postfix/guard-settings.ts';
import { readParameters, squeezeBlanks } from '../foreign/postfix/main-cf.ts';
import { overridesOf, type PostfixPlace, readPostconf } from '../machine/postfix.ts';
import { outside } from '../machine/root.ts';
import { quote } from '../mail/shell-word.ts';
import {
  installCommand,
  lookAtPostfix,
  type PostfixOptions,
  type PostfixScene,
} from './postfix-scene.ts';
import { backUp, dropBackups, ReplaceFileError, replaceFile } from './replace-file.ts';
import {
  few,
  hasTrouble,
  note,
  type Report,
  reportOf,
  type Step,
  trouble,
  well,
} from './report.ts';
import { unifiedDiff } from './unified-diff.ts';

export async function showPostfixChange(options: PostfixOptions): Promise<Report> {
  return await change(options, 'add', false);
}

export async function applyPostfixChange(options: PostfixOptions): Promise<Report> {
  return await change(options, 'add', true);
}

export async function removePostfixChange(options: PostfixOptions): Promise<Report> {
  return await change(options, 'remove', true);
}

async function change(
  options: PostfixOptions,
  what: 'add' | 'remove',
  isWritten: boolean,
): Promise<Report> {
  const { steps, scene } = await lookAtPostfix(options);
  const nothing = reportOf(steps);
  if (!scene) return nothing;
  const { installed, text, place } = scene;
  const given = installed && !('kind' in installed) ? installed : defaultPostfixGuardSettings;
  const settings = what === 'remove' ? null : { ...given, ...options.settings };
  const after = planText(scene, settings);
  if (typeof after !== 'string') {
    steps.push(after);
    return nothing;
  }
  if (settings)
    steps.push(...(await overrideNotes(scene, settings)), ...relayNotes(scene, settings));
  const isChanged = after !== text;
  if (!isChanged)
    steps.push(note('guard', what === 'add' ? 'it is in already' : `it is not in ${place.mainCf}`));
  else if (isWritten) steps.push(...(await write(scene, after, settings)));
  const written = isWritten && isChanged && !hasTrouble(steps);
  return {
    steps,
    changes: isChanged
      ? [{ path: place.mainCf, diff: unifiedDiff(place.mainCf, text, after) }]
      : [],
    meaning: settings && isChanged ? meaningOf(settings) : [],
    written,
    next: hasTrouble(steps) ? [] : nextCommands(scene.place, what, isChanged, isWritten),
  };
}

function nextCommands(
  place: PostfixPlace,
  what: 'add' | 'remove',
  isChanged: boolean,
  isWritten: boolean,
): string[] {
  const install = installCommand(place);
  const reload = ['postfix', ...place.instance, 'reload'].map(quote).join(' ');
  if (!isChanged) return what === 'add' ? [`${install} --test`] : [];
  if (!isWritten) return [`${install} --apply`];
  return what === 'add' ? [reload, `${install} --test`] : [reload];
}

/** main.cf as it is to be; trouble where it cannot be made. */
function planText(
  { text, place, installed }: PostfixScene,
  settings: PostfixGuardSettings | null,
): string | Step {
  if (installed && 'kind' in installed)
    return trouble('guard', `${place.mainCf} line ${installed.line}: ${installed.problem}`);
  const without = removeGuard(text);
  if (typeof without !== 'string')
    return trouble('guard', `${place.mainCf} line ${without.line}: ${without.problem}`);
  if (!settings) return without;
  const made = addGuard(without, settings, place.queueFolder);
  return typeof made === 'string' ? made : trouble('guard', made.problem);
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

/** Trouble in the steps means that all is as it was. */
async function write(
  { root, place, text }: PostfixScene,
  after: string,
  settings: PostfixGuardSettings | null,
): Promise<Step[]> {
  const file = outside(root, place.mainCf);
  const known = (await readPostconf(root, place.instance, ['-n'])).warnings;
  try {
    if ((await readFile(file, 'latin1')) !== text)
      return [trouble('written', `${place.mainCf} was changed meanwhile; try again`)];
    const copy = settings && removeGuard(text) === text ? await backUp(file) : null;
    await replaceFile(file, Buffer.from(after, 'latin1'));
    const problems = await complaints({ root, place }, after, settings, known);
    if (problems.length > 0) {
      await replaceFile(file, Buffer.from(text, 'latin1'));
      if (copy !== null) await dropBackups(file);
      return [
        trouble('check', `postconf reads something else; all is as it was:\n${few(problems)}`),
      ];
    }
    if (!settings) await dropBackups(file);
    const kept =
      copy === null ? '' : `; what was there is in ${place.mainCf}${copy.slice(file.length)}`;
    return [well('written', `${place.mainCf}${kept}`), well('check', 'postconf reads it as meant')];
  } catch (error) {
    if (!(error instanceof ReplaceFileError)) throw error;
    return [trouble('written', error.message)];
  }
}

/** What postconf says against the new main.cf, or reads otherwise than we do. */
async function complaints(
  { root, place }: Pick<PostfixScene, 'root' | 'place'>,
  after: string,
  settings: PostfixGuardSettings | null,
  known: readonly string[],
): Promise<string[]> {
  const names = settings?.hooks.flatMap((hook) => parametersOf[hook]) ?? [];
  const meant = readParameters(after);
  const { values, warnings } = await readPostconf(root, place.instance, ['-n']);
  return [
    ...warnings.filter((line) => !known.includes(line)),
    ...names
      .filter(
        (name) => squeezeBlanks(values.get(name) ?? '') !== squeezeBlanks(meant.get(name) ?? ''),
      )
      .map((name) => `${name} = ${values.get(name) ?? ''}`),
  ];
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
