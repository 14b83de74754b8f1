/**
 * The causes of a full queue, as an admin reads them at three in the morning.
 */
import { formatCount, formatLocalTime, formatNumber, formatSize } from '../mail/amounts.ts';
import { printable } from '../mail/printable.ts';
import { quote } from '../mail/shell-word.ts';
import type { Cause } from '../rescue/causes/cause.ts';
import { describeCause, describeSources } from '../rescue/causes/cause-words.ts';
import type { chooseCauses, Outcome } from '../rescue/change/plan.ts';
import type { MailServer } from '../rescue/mail-server.ts';
import type { Survey, SurveyProgress } from '../rescue/survey/survey.ts';
import type { Round } from '../rescue/survey/watch.ts';
import { type Proposal, proposals } from '../verdict/entry.ts';
import type { Output, Style } from './output.ts';
import type { RescueOptions } from './rescue-options.ts';
import { wrap } from './wrap.ts';

const styles: { readonly [proposal in Proposal]: Style } = {
  purge: 'red',
  hold: 'yellow',
  leave: 'green',
};

const shownCauses = 12;
const sampleIds = 3;
const shownUnreadable = 5;
const shownProblems = 10;
const indent = ' '.repeat(11);

/** `columns`: width of the terminal. */
export function formatSurvey(
  { title, queue }: MailServer,
  { findings, unreadable, unreadableCount }: Survey,
  output: Output,
  columns: number,
): string[] {
  const { entries, bytes, causes } = findings;
  const size = entries === 0 ? 'empty' : `${countEntries(entries)}, ${formatSize(bytes)}`;
  const lines = [output.style('bold', `${printable(title)}, ${printable(queue)}: ${size}`)];
  for (const cause of causes.slice(0, shownCauses))
    lines.push('', ...formatCause(cause, output, columns));
  lines.push(...formatSmaller(causes.slice(shownCauses)));
  const sources = describeSources(findings);
  if (sources.length > 0) lines.push('', ...sources.flatMap((line) => wrap(line, columns, '')));
  if (unreadableCount > 0) {
    lines.push(
      '',
      `${formatCount(unreadableCount, 'file')} could not be read and stay as they are:`,
    );
    for (const { path, problem } of unreadable.slice(0, shownUnreadable))
      lines.push(`  ${printable(path)}: ${printable(problem)}`);
    if (unreadableCount > shownUnreadable)
      lines.push(
        `  and ${formatNumber(unreadableCount - shownUnreadable)} more (--json tells all)`,
      );
  }
  return lines;
}

function formatSmaller(causes: readonly Cause[]): string[] {
  if (causes.length === 0) return [];
  const counts = proposals.flatMap((wanted) => {
    const ours = causes.filter(({ proposal }) => proposal === wanted);
    const count = ours.reduce((sum, { count }) => sum + count, 0);
    return count > 0 ? [`${formatNumber(count)} to ${wanted}`] : [];
  });
  const smaller = formatCount(causes.length, 'smaller cause');
  return ['', `    and ${smaller}: ${counts.join(', ')} (--json tells all)`];
}

function formatCause(cause: Cause, output: Output, columns: number): string[] {
  const { number, proposal, name, bytes, oldest, newest, tries, ids } = cause;
  const head = `${String(number).padStart(3)} ${output.style(styles[proposal], proposal.padEnd(6))} `;
  const text = wrap(describeCause(cause).join(' '), columns, indent);
  const shown = ids.slice(0, sampleIds).map((id) => printable(id, 40));
  const details = [
    printable(name),
    formatSize(bytes),
    oldest === newest
      ? formatLocalTime(oldest)
      : `${formatLocalTime(oldest)} to ${formatLocalTime(newest)}`,
    ...(tries === null ? [] : [tries === 1 ? 'tried once' : `up to ${formatNumber(tries)} tries`]),
    `${ids.length > sampleIds ? 'such as ' : ''}${shown.join(' ')}`,
  ];
  const small = wrap(details.join(' - '), columns, indent);
  return [
    `${head}${(text[0] ?? '').trimStart()}`,
    ...text.slice(1),
    ...small.map((line) => output.style('dim', line)),
  ];
}

export function countEntries(count: number): string {
  return formatCount(count, 'entry', 'entries');
}

/** One line while the queue is read: how far it is, and what is known already. */
export function formatSoFar({ read, total, largest }: SurveyProgress): string {
  const known = largest.slice(0, 3).map(({ count, proposal, name }) => {
    return `${formatNumber(count)} ${printable(name, 60)} (${proposal})`;
  });
  const of = total === null ? '' : ` of ${formatNumber(total)}`;
  return [`${countEntries(read)}${of} read`, ...known].join(', ');
}

/** What to type now. */
export function formatNext(
  chosen: ReturnType<typeof chooseCauses>,
  { hand, whyNoHand }: MailServer,
  options: RescueOptions,
  output: Output,
): string[] {
  if (chosen.length === 0) return ['', 'Nothing has to be done.'];
  const counts = (['purge', 'hold'] as const).flatMap((wanted) => {
    const ours = chosen.filter(({ action }) => action === wanted);
    const count = ours.reduce((sum, { cause }) => sum + cause.count, 0);
    return count > 0 ? [`${wanted} ${countEntries(count)}`] : [];
  });
  const lines = ['', `Nothing was changed. Proposed: ${counts.join(', ')}.`];
  if (!hand) return [...lines, `Not from here: ${whyNoHand ?? 'nobody may change this queue'}`];
  return [
    ...lines,
    `  ${output.style('bold', printable(commandOf(options)))}`,
    'It copies each entry into an archive before it removes it; "spillway undo" puts it back.',
  ];
}

/** The same command with --apply. */
function commandOf(options: RescueOptions): string {
  const { mta, queue, root, cause = [], where, dns = [], config } = options;
  const given = [
    ...(mta === undefined ? [] : ['--mta', mta]),
    ...(root === undefined ? [] : ['--root', root]),
    ...(queue === undefined ? [] : ['--queue', queue]),
    ...cause.flatMap((text) => ['--cause', text]),
    ...(where === undefined ? [] : ['--where', where]),
    ...dns.flatMap((text) => ['--dns', text]),
    ...(options.public ?? []).flatMap((text) => ['--public', text]),
    ...(config === undefined ? [] : ['--config', config]),
    ...(options.stopped ? ['--stopped'] : []),
    ...(options.hold ? ['--hold'] : []),
    ...(options.purge ? ['--purge'] : []),
  ].map(quote);
  return ['spillway', 'rescue', ...given, '--apply'].join(' ');
}

export function formatOutcome(
  outcome: Outcome,
  receipt: string | null,
  isStopped: boolean,
  output: Output,
): string[] {
  const { removed, held, gone, busy, changed, problems, problemCount } = outcome;
  const done = [
    ...(removed > 0 || held === 0 ? [`${countEntries(removed)} removed`] : []),
    ...(held > 0 ? [`${countEntries(held)} held`] : []),
  ];
  const lines = ['', output.style('bold', `${done.join(', ')}.`)];
  if (isStopped) lines.push('Stopped before the end, as you asked; run it again for the rest.');
  if (gone > 0) lines.push(`${countEntries(gone)} had left the queue meanwhile.`);
  if (busy > 0)
    lines.push(`${countEntries(busy)} being delivered just now: left for the next run.`);
  if (changed > 0) lines.push(`${countEntries(changed)} changed meanwhile: left for the next run.`);
  if (problemCount > 0) {
    lines.push(`${countEntries(problemCount)} could not be changed:`);
    for (const { id, problem } of problems.slice(0, shownProblems))
      lines.push(`  ${printable(id, 40)}: ${printable(problem)}`);
    if (problemCount > shownProblems)
      lines.push(`  and ${formatNumber(problemCount - shownProblems)} more`);
  }
  if (receipt !== null) lines.push(`To put it back: spillway undo ${receipt}`);
  return lines;
}

/** One line for each look; `now`: ms since 1970. */
export function formatRound(
  { findings, outcome, arrived, elapsed }: Round,
  now: number,
  output: Output,
): string {
  const perSecond = (count: number) =>
    elapsed ? ` (${(count / (elapsed / 1000)).toFixed(1)}/s)` : '';
  const parts = [output.style('dim', formatLocalTime(now)), `${countEntries(findings.entries)} in`];
  if (arrived !== null) parts.push(`${formatNumber(arrived)} came${perSecond(arrived)}`);
  if (outcome) {
    const { removed, held, problemCount } = outcome;
    parts.push(`${formatNumber(removed)} removed${perSecond(removed)}`);
    if (held > 0) parts.push(`${formatNumber(held)} held`);
    if (problemCount > 0) parts.push(`${formatNumber(problemCount)} failed`);
  }
  const [largest] = findings.causes;
  if (largest) parts.push(`most: ${formatNumber(largest.count)} ${printable(largest.name, 60)}`);
  return parts.join('  ');
}

export function formatWatchEnd(
  { source }: MailServer,
  removed: number,
  receipt: string | null,
): string[] {
  return [
    `${countEntries(removed)} removed while watching.`,
    ...(receipt === null ? [] : [`To put them back: spillway undo ${receipt}`]),
    `So that no more come: spillway install ${source.mta}`,
  ];
}
