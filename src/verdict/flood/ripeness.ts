/**
 * When a gathering is a flood: the limits applied to what was counted.
 *
 * Each rule first looks at sums that cost nothing. What is more than that, but no flood yet, is looked at
 * again when it has grown by a tenth.
 */
import type { Account } from './account.ts';
import type { Gathering } from './gathering.ts';
import type { FloodLimits } from './limits.ts';
import type { Named } from './named.ts';

export type Rule = (
  key: Named,
  gathering: Gathering,
  limits: FloodLimits,
  around: Surroundings,
) => boolean;

export interface Surroundings {
  /** Recipients that were refused or do not exist within the window or somewhat more, whoever tried them. */
  harmOfAll(): number;
  /** Mail from the domain to other domains, as far back; never too low. */
  sentFrom(domain: Named): number;
}

function rule(
  growing: (slice: Account) => number,
  least: (limits: FloodLimits) => number,
  isFlood: (total: Account, limits: FloodLimits, around: Surroundings, key: Named) => boolean,
): Rule {
  return (key, gathering, limits, around) => {
    if (!gathering.isMore) return false;
    const sum = gathering.sum(growing);
    if (sum < least(limits) || sum < gathering.lookAt) return false;
    if (isFlood(gathering.total(), limits, around, key)) return true;
    gathering.lookAt = sum * 1.1;
    return false;
  };
}

export const isForgedSender = rule(
  (slice) => slice.harm,
  ({ forgedSender }) => forgedSender.harm,
  (total, { forgedSender }) =>
    total.networks.count >= forgedSender.networks && total.harm >= forgedSender.share * total.tried,
);

/**
 * What was accepted stands aside, and some of that may have failed later. A large provider never gets there:
 * it has good mail, and spam in random names is in those of many.
 */
export const isForgedDomain = rule(
  (slice) => slice.harm,
  ({ forgedDomain }) => forgedDomain.harm,
  (total, { forgedDomain }, around) => {
    const good = Math.max(0, total.aside - total.counts.unknownLater);
    return (
      total.networks.count >= forgedDomain.networks &&
      total.senders.count >= forgedDomain.senders &&
      good <= Math.min(forgedDomain.good, forgedDomain.goodShare * total.harm) &&
      total.harm >= forgedDomain.ofAll * around.harmOfAll()
    );
  },
);

/**
 * What does exist stands aside. Notices are no harvest: many come from one large provider when somebody
 * is under a joe job.
 */
export const isHarvest = rule(
  (slice) => slice.unknown,
  ({ harvest }) => harvest.unknown,
  (total, { harvest }) => isMostlyUnknown(total, harvest.unknown, harvest.share),
);

export const isNetworkHarvest = rule(
  (slice) => slice.unknown,
  ({ harvest }) => harvest.ofNetwork,
  (total, { harvest }) =>
    total.clients.count > 1 && isMostlyUnknown(total, harvest.ofNetwork, harvest.share),
);

function isMostlyUnknown(total: Account, least: number, share: number): boolean {
  return total.strangers.count >= least && total.unknown >= share * (total.unknown + total.aside);
}

/** What was tried at the domain and does exist stands aside. */
export const isSlowHarvest = rule(
  (slice) => slice.unknown,
  ({ slowHarvest }) => slowHarvest.unknown,
  (total, { slowHarvest }) => {
    const strangers = total.strangers.count;
    return (
      strangers >= slowHarvest.unknown &&
      strangers >= slowHarvest.different * total.unknown &&
      total.networks.count >= slowHarvest.networks &&
      total.unknown >= slowHarvest.share * (total.unknown + total.aside)
    );
  },
);

export const isJoeJob = rule(
  noticesIn,
  ({ joeJob }) => joeJob.notices,
  (total, { joeJob }, around, domain) => {
    if (total.networks.count < joeJob.networks) return false;
    const notices = noticesIn(total);
    const isMostlyUnknown = total.unknown + total.counts.refused >= joeJob.share * notices;
    return isMostlyUnknown || (notices >= joeJob.many && notices > around.sentFrom(domain));
  },
);

/** Notices that came in, whichever way the source tells them. */
function noticesIn({ counts }: Account): number {
  return Math.max(counts.attempts, counts.messages);
}

/** Messages that came in meanwhile stand aside. */
export const isNoticeStorm = rule(
  (slice) => slice.counts.notices,
  ({ noticeStorm }) => noticeStorm.notices,
  (total, { noticeStorm }) =>
    total.targets.count >= noticeStorm.targets &&
    total.counts.notices >= noticeStorm.share * total.aside,
);

export const isMailLoop = rule(
  (slice) => slice.counts.returns,
  ({ mailLoop }) => mailLoop.returns,
  () => true,
);

export const isHopLoop = rule(
  (slice) => slice.counts.returns,
  ({ mailLoop }) => mailLoop.ofHop,
  (total) => total.sites.count > 1,
);

/** Both of two addresses write, and neither stops. A message is seen when it comes, when it goes, or both. */
export const isAnswerLoop = rule(
  (slice) => slice.counts.messages + slice.counts.deliveries,
  ({ answerLoop }) => 2 * answerLoop.each,
  (total, { answerLoop }) => {
    const [, second] = total.writers.top(2);
    return second !== undefined && second.count >= answerLoop.each;
  },
);
