/**
 * What `spillway rescue --json` prints: one document for each queue.
 */
import type { Cause, Ranking } from '../rescue/causes/cause.ts';
import { describeCause } from '../rescue/causes/cause-words.ts';
import type { MailServer } from '../rescue/mail-server.ts';
import type { Survey } from '../rescue/survey/survey.ts';

export function surveyDocument({ source, queue }: MailServer, survey: Survey) {
  const { findings, unreadable, unreadableCount } = survey;
  return {
    mta: source.mta,
    queue,
    entries: findings.entries,
    bytes: findings.bytes,
    unreadable,
    unreadableCount,
    causes: findings.causes.map(causeDocument),
    sources: {
      clients: rankingDocument(findings.clients),
      senders: rankingDocument(findings.senders),
      sites: rankingDocument(findings.sites),
    },
  };
}

function causeDocument(cause: Cause) {
  const { number, name, kind, reason, proposal, domain, count, bytes, tries, steps, ids } = cause;
  return {
    number,
    name,
    cause: describeCause(cause).join(' '),
    kind,
    reason,
    proposal,
    domain,
    count,
    bytes,
    oldest: new Date(cause.oldest).toISOString(),
    newest: new Date(cause.newest).toISOString(),
    tries,
    steps,
    domains: rankingDocument(cause.domains),
    recipients: rankingDocument(cause.recipients),
    senders: rankingDocument(cause.senders),
    clients: rankingDocument(cause.clients),
    sites: rankingDocument(cause.sites),
    ids,
  };
}

function rankingDocument({ distinct, isExact, top }: Ranking) {
  return { distinct, isExact, top };
}
