/**
 * The rescue of one queue: looked at, told, and changed where the admin says so; once or again and again.
 */
import { availableParallelism } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { Judge } from '../judge/judge.ts';
import { formatNumber } from '../mail/amounts.ts';
import { printable } from '../mail/printable.ts';
import type { Findings } from '../rescue/causes/cause.ts';
import {
  type Choice,
  chooseCauses,
  nameCauses,
  numbersIn,
  type Outcome,
  planEntries,
  unknownCauses,
} from '../rescue/change/plan.ts';
import type { MailServer } from '../rescue/mail-server.ts';
import { QueueFolderError } from '../rescue/reader.ts';
import { type Survey, surveyQueue } from '../rescue/survey/survey.ts';
import { createVerdictDesk } from '../rescue/survey/verdict-desk.ts';
import { type Round, watchQueue } from '../rescue/survey/watch.ts';
import { CommandError, exit } from './exit.ts';
import { type Interruptions, listenForInterruptions } from './interruptions.ts';
import { jsonLine, type Output } from './output.ts';
import { createProgressLine, type ProgressLine } from './progress.ts';
import { openRescueHand, type RescueHand } from './rescue-hand.ts';
import { surveyDocument } from './rescue-json.ts';
import type { RescueOptions } from './rescue-options.ts';
import {
  countEntries,
  formatNext,
  formatOutcome,
  formatRound,
  formatSoFar,
  formatSurvey,
  formatWatchEnd,
} from './rescue-text.ts';

export interface RescueParts {
  readonly server: MailServer;
  readonly options: RescueOptions;
  readonly choice: Choice;
  readonly config: Config;
  readonly judge: Judge;
  readonly output: Output;
}

/** Questions that wait for DNS at once; the judge itself allows a thousand. */
const maxPending = 500;
/** More threads than this read no faster: the disk or the judging is the limit. */
const mostThreads = 4;

/** Whether all went well. Throws CommandError. */
export async function rescueQueue(parts: RescueParts): Promise<boolean> {
  const { server, options, config } = parts;
  if (options.apply && !server.hand)
    throw new CommandError(
      `${printable(server.queue)} cannot be changed: ${server.whyNoHand ?? 'nobody may'}`,
    );
  const progress = createProgressLine(process.stderr);
  using stop = listenForInterruptions(() => progress.clear());
  try {
    await using hand = options.apply ? await openRescueHand(server, options, config) : null;
    return options.watch
      ? await watch(parts, hand, progress, stop)
      : await once(parts, hand, progress, stop);
  } catch (error) {
    if (stop.signal.aborted) throw new CommandError('stopped', exit.tryAgain, error);
    if (error instanceof QueueFolderError)
      throw new CommandError(error.message, exit.trouble, error);
    throw error;
  } finally {
    progress.clear();
  }
}

async function once(
  parts: RescueParts,
  hand: RescueHand | null,
  progress: ProgressLine,
  stop: Interruptions,
): Promise<boolean> {
  const { server, options, choice, output } = parts;
  const survey = await look(parts, progress, stop);
  requireCauses(survey.findings, choice);
  if (!options.json)
    for (const line of formatSurvey(server, survey, output, columnsOf())) await output.line(line);
  const outcome = hand && (await change(parts, hand, survey.findings, progress, stop));
  if (options.json) {
    const done = outcome ? { outcome, receipt: hand.receipt } : {};
    await output.line(jsonLine({ ...surveyDocument(server, survey), ...done }));
  } else {
    const chosen = chooseCauses(survey.findings, choice);
    const lines = outcome
      ? formatOutcome(outcome, hand.receipt, stop.signal.aborted, output)
      : formatNext(chosen, server, options, output);
    for (const line of lines) await output.line(line);
  }
  return !outcome || (outcome.problemCount === 0 && !stop.signal.aborted);
}

async function watch(
  parts: RescueParts,
  hand: RescueHand | null,
  progress: ProgressLine,
  stop: Interruptions,
): Promise<boolean> {
  const { server, options, output } = parts;
  let isWell = true;
  let removed = 0;
  let { choice } = parts;
  await watchQueue({
    async look() {
      const { findings } = await look(parts, progress, stop);
      choice = nameCauses(findings, choice);
      requireCauses(findings, { ...choice, causes: numbersIn(choice) });
      return findings;
    },
    apply: async (findings) =>
      hand && (await change({ ...parts, choice }, hand, findings, progress, stop)),
    onRound: async (round) => {
      removed += round.outcome?.removed ?? 0;
      if (round.outcome && round.outcome.problemCount > 0) isWell = false;
      progress.clear();
      await output.line(
        options.json ? jsonLine(roundDocument(round)) : formatRound(round, Date.now(), output),
      );
    },
    wait: (ms) => waitFor(ms, stop.signal),
    now: () => performance.now(),
    signal: stop.signal,
  }).catch((error) => {
    // Ctrl-C is how a watch ends.
    if (!stop.signal.aborted) throw error;
  });
  progress.clear();
  if (!options.json)
    for (const line of formatWatchEnd(server, removed, hand?.receipt ?? null))
      await output.line(line);
  return isWell;
}

/** A new desk for each look: what DNS says may change while a watch goes on. */
async function look(
  { server, judge, options }: RescueParts,
  progress: ProgressLine,
  { signal }: Interruptions,
): Promise<Survey> {
  const survey = await surveyQueue({
    source: server.source,
    threads: Math.min(availableParallelism(), mostThreads),
    ask: createVerdictDesk({ judge, nextHops: (paths) => server.nextHops(paths), maxPending }),
    where: options.where ?? '',
    now: Date.now(),
    onProgress: (soFar) => {
      const { read, total } = soFar;
      if (!options.json) progress.show(total ? read / total : null, formatSoFar(soFar));
    },
    signal,
  });
  progress.clear();
  return survey;
}

async function change(
  { choice }: RescueParts,
  hand: RescueHand,
  findings: Findings,
  progress: ProgressLine,
  stop: Interruptions,
): Promise<Outcome> {
  const total = chooseCauses(findings, choice).reduce((sum, { cause }) => sum + cause.count, 0);
  const outcome = await hand.apply(planEntries(findings, choice), stop, (soFar) => {
    const done = soFar.removed + soFar.held + soFar.gone + soFar.busy + soFar.changed;
    progress.show(done / total, `${formatNumber(done)} of ${countEntries(total)}`);
  });
  progress.clear();
  return outcome;
}

function requireCauses(findings: Findings, choice: Choice): void {
  const unknown = unknownCauses(findings, choice);
  if (unknown.length === 0) return;
  throw new CommandError(
    `no cause ${unknown.map((text) => printable(text, 100)).join(', ')} in this queue; without --cause all of them are shown`,
  );
}

function roundDocument({ number, findings, outcome, arrived, elapsed }: Round) {
  return {
    at: new Date().toISOString(),
    round: number,
    entries: findings.entries,
    arrived,
    elapsed,
    outcome,
  };
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

/** Wide enough to read, never wider than a terminal. */
function columnsOf(): number {
  return Math.min(Math.max(process.stdout.columns || 100, 60), 110);
}
