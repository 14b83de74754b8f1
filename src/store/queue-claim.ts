/**
 * Looks for work: the messages that are due longest, from many domains rather than from one.
 */
import { readMessage } from './queue-message.ts';
import { unschedule, waiting } from './queue-schedule.ts';
import type { QueuedMessage } from './queue-store.ts';
import type { Write } from './queue-thread.ts';
import type { QueueTransaction } from './queue-transaction.ts';
import type { Statements } from './sqlite-statements.ts';
import { encode } from './stored-text.ts';

type Claim = Extract<Write, { kind: 'claim' }>;

interface Candidate {
  readonly domain: string;
  readonly at: number;
  readonly message: number;
}

/** A message for several domains counts for each of them where it is due. */
export function claimDue(transaction: QueueTransaction, request: Claim): QueuedMessage[] {
  const { run, instance } = transaction;
  const { now, limit, perDomain } = request;
  const taken = new Map<string, number>();
  const claimed = new Map<number, QueuedMessage>();
  for (const { domain, message } of candidates(transaction, request)) {
    if (claimed.size >= limit) break;
    if (claimed.has(message) || (taken.get(domain) ?? 0) >= perDomain) continue;
    for (const other of waiting(transaction, message))
      if (other.at <= now) taken.set(other.domain, (taken.get(other.domain) ?? 0) + 1);
    run('INSERT INTO claim (message, instance) VALUES (?, ?)', message, instance);
    unschedule(transaction, message);
    const found = readMessage(transaction, message);
    if (found) claimed.set(message, found);
  }
  return [...claimed.values()];
}

/** Oldest first. No more than `limit` domains are looked at: each of them has one that is due. */
function candidates(statements: Statements, request: Claim): Candidate[] {
  const { now, limit, perDomain, except } = request;
  const found = dueDomains(statements, now, limit, except).flatMap((domain) =>
    statements
      .all(
        `SELECT at, message FROM due WHERE domain = ? AND at <= ? ORDER BY at, message LIMIT ?`,
        domain,
        now,
        Math.min(limit, perDomain),
      )
      .map((row) => ({ domain, at: Number(row['at']), message: Number(row['message']) })),
  );
  return found.sort((a, b) => a.at - b.at || a.message - b.message);
}

function dueDomains(
  { all }: Statements,
  now: number,
  limit: number,
  except: readonly string[],
): string[] {
  const left = new Set(except.map((domain) => encode(domain)));
  return all(
    'SELECT name FROM domain WHERE due_at <= ? ORDER BY due_at, name LIMIT ?',
    now,
    left.size + limit,
  )
    .map(({ name }) => String(name))
    .filter((name) => !left.has(name))
    .slice(0, limit);
}
