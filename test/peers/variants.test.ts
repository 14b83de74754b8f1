/**
 * The oddities of DNS on the real servers: what becomes of a failure notice to each without the guard and
 * with it, and what its sender hears at MAIL. The table in docs/verdicts.md is what happened here;
 * SPILLWAY_WRITE_DOCS=1 writes it.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { variants } from '../../src/replay/incident-zone.ts';

import type { Reason } from '../../src/verdict/reasons.ts';
import { putGenerated } from '../generated-block.ts';
import { withoutLoopback } from './guarded-peers.ts';
import { type GuardedName, guardedNames, type NoticeFate } from './notice-fates.ts';
import { playVariants } from './play-variants.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { formatVariants, type Seen } from './variants-table.ts';

const skip = await whyNot();

/** Why the guard ends the notice; null: it does not. */
const reasons: Readonly<Record<string, Reason | null>> = {
  loopback: 'loopback',
  'loopback-net': 'loopback',
  loopback6: 'loopback',
  mapped: 'loopback',
  unspecified: 'unspecified',
  'own-address': 'self',
  localhost: 'localhost',
  'localhost-spelled': 'localhost',
  literal: 'malformed-mx',
  decimal: 'malformed-mx',
  alias: 'loopback',
  nullmx: 'null-mx',
  implicit: 'loopback',
  private: 'private',
  'no-address': 'mx-without-address',
  'no-domain': 'no-such-domain',
  mixed: null,
  servfail: null,
};
const wanted = { never: 'dropped', must: 'delivered', later: 'waits' } as const;
const atMail = (name: string): RegExp => {
  if (name === 'nullmx') return /refused at mail: 550 5\.7\.27/;
  if (name === 'mixed') return /^accepted$/;
  return name === 'servfail' ? /at mail: 451 4\.4\.3/ : /refused at mail: 550 5\.1\.8/;
};

/** What a server does its own way, though the guard is there, and why. */
const apart: Partial<Record<GuardedName, Readonly<Record<string, Partial<Expected>>>>> = {
  postfix: {
    // It shows a milter of its own notices no next hop, and ends this one itself.
    'own-address': { reason: null },
    // It leaves out its own address and every host behind it, whatever it is told.
    mixed: { fate: 'dropped' },
  },
  opensmtpd: {
    // It goes to the first, which is itself, and hands the notice to itself until that has too many hops.
    mixed: { fate: 'loops' },
  },
  exim: {
    // At MAIL it does not say where it would send: it may host the domain.
    'own-address': { door: /^accepted$/ },
  },
};

/**
 * Most connections to itself with the guard, all for `mixed`: sendmail finds its own name in the greeting of
 * the bad host, and takes the good one; OpenSMTPD loops.
 */
const ownTries: Partial<Record<GuardedName, number>> = { sendmail: 1, opensmtpd: 100 };

interface Expected {
  readonly fate: NoticeFate;
  /** Null: the guard lets the notice pass. */
  readonly reason: Reason | null;
  /** What its sender hears. */
  readonly door: RegExp;
}

/** In the order in which they came to their ends. */
const seen = new Map<GuardedName, Seen>();

test('Every variant of the replay is expected here', () => {
  assert.deepEqual(
    Object.keys(reasons),
    variants.map(({ name }) => name),
  );
});

/** Each waits for most of its time, and the whole run for the slowest of them. */
test('what becomes of a notice to an oddity of DNS', { skip, concurrency: true }, async (t) => {
  await Promise.all(
    guardedNames.map((name) => t.test(name, async (one) => await playAll(name, one))),
  );
});

async function playAll(name: GuardedName, t: TestContext): Promise<void> {
  const without = await playVariants(name, { modes: null });
  const guarded = await playVariants(name, { modes: { sender: 'off' } });
  const { doors } = await playVariants(name, { modes: {} });
  seen.set(name, { without: without.fates, guarded: guarded.fates, doors });
  assert.ok(guarded.selfConnections <= (ownTries[name] ?? 0));
  for (const { name: variant, domain, notice } of variants)
    await t.test(`${variant}: ${wanted[notice]}`, () => {
      const { fate, reason, door }: Expected = {
        fate: wanted[notice],
        reason: reasons[variant] ?? null,
        door: atMail(variant),
        ...apart[name]?.[variant],
      };
      assert.equal(guarded.fates.get(variant), fate);
      const ended = { check: 'notice', action: 'discard', domain } as const;
      assert.equal(countReceipts(guarded.receipts, ended), reason ? 1 : 0);
      if (reason) assert.equal(countReceipts(guarded.receipts, { ...ended, reason }), 1);
      assert.match(doors.find((one) => one.name === variant)?.door ?? '', door);
    });
}

test('Postfix delivers to the good host of a mixed domain where it is told to see no other', {
  skip,
}, async () => {
  const settings = { smtp_dns_reply_filter: withoutLoopback };
  const { fates } = await playVariants('postfix', { modes: { sender: 'off' }, settings });
  assert.equal(fates.get('mixed'), 'delivered');
  assert.equal(fates.get('loopback'), 'dropped');
});

test('OpenSMTPD has no loop with a mixed domain where the guard is told to refuse it', {
  skip,
}, async () => {
  const verdict = 'mixed = { loopback = "refuse", unspecified = "refuse", self = "refuse" }';
  const { fates } = await playVariants('opensmtpd', { modes: { sender: 'off' }, verdict });
  assert.equal(fates.get('mixed'), 'dropped');
});

test('The table in docs/verdicts.md says what happened', { skip }, async () => {
  const told = guardedNames.flatMap((name): [GuardedName, Seen][] => {
    const one = seen.get(name);
    return one ? [[name, one]] : [];
  });
  assert.equal(told.length, guardedNames.length);
  await putGenerated('docs/verdicts.md', 'variants', formatVariants(new Map(told)));
});
