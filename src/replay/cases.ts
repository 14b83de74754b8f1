/**
 * The cases that can be replayed, by name.
 */
import { answerLoopCase } from './cases/answer-loop.ts';
import { backupMxCase } from './cases/backup-mx.ts';
import { harvestCase } from './cases/harvest.ts';
import { incidentCase } from './cases/incident.ts';
import { joeJobCase } from './cases/joe-job.ts';
import { ordinaryDayCase } from './cases/ordinary-day.ts';
import { slowHarvestCase } from './cases/slow-harvest.ts';
import { mix, type Share } from './mix.ts';
import { ordinaryMail } from './ordinary-mail.ts';
import type { Planned } from './planned.ts';
import { seededRandom } from './random.ts';
import type { ReplayCase, ReplaySizes } from './replay-case.ts';

export const replayCases = {
  incident: incidentCase,
  harvest: harvestCase,
  'slow-harvest': slowHarvestCase,
  'joe-job': joeJobCase,
  'answer-loop': answerLoopCase,
  'backup-mx': backupMxCase,
  'ordinary-day': ordinaryDayCase,
} as const satisfies Record<string, ReplayCase>;

export type CaseName = keyof typeof replayCases;

export interface Plan {
  /** How many messages there are. */
  readonly total: number;
  /** Every message once, mixed as the seed says; the same seed and sizes give the same plan. */
  readonly messages: Generator<Planned, void>;
}

export function planReplay(name: CaseName, seed: string, sizes: ReplaySizes): Plan {
  const random = seededRandom(seed);
  const shares: readonly Share[] = [
    ...replayCases[name].shares(random, sizes),
    ...ordinaryMail(random, sizes),
  ];
  const total = shares.reduce((sum, { count }) => sum + count, 0);
  return { total, messages: mix(random, shares) };
}
