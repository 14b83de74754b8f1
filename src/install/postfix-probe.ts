/**
 * A real message through Postfix, from its own sendmail(1) to the guard: one that Postfix must return,
 * so that it writes a notice, to an address that nobody can have.
 *
 * The message has more Received fields than Postfix lets pass: cleanup(8) returns it without looking
 * for a way on, whatever the relays and tables of this machine are. Its sender is an address of the
 * loopback network, another one each time, so that the guard's receipt about it is this one's. The
 * guard ends the notice, and nothing lands anywhere.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hook } from '../foreign/postfix/guard-settings.ts';
import { failureOf } from '../machine/failure.ts';
import { queuedTo, readPostconf } from '../machine/postfix.ts';
import { comparableDomain } from '../mail/address.ts';
import { errorText } from '../mail/error-text.ts';
import type { StoredReceipt } from '../store/journal-store.ts';
import type { NoticeCheck } from './installation.ts';
import type { PostfixScene, ReceiptsAbout } from './postfix-scene.ts';
import { note, type Step, trouble, well } from './report.ts';

/** ms for the notice to be written, judged and gone, and between two looks. */
const patience = 20_000;
const pause = 200;

const name = 'message through Postfix';
const notice = "a notice of Postfix's own";

/** What judges the notices that go out: only the milter tells that they are some. Null: no hook sees them. */
export function noticeCheckOf(hooks: readonly Hook[]): NoticeCheck | null {
  if (hooks.includes('notices')) return 'notice';
  return hooks.includes('transport') || hooks.includes('sink') ? 'recipient' : null;
}

export async function probeNotice(
  scene: PostfixScene,
  wanted: NoticeCheck,
  receiptsAbout: ReceiptsAbout,
): Promise<Step> {
  const { root, place } = scene;
  const domain = `[127.${randomInt(256)}.${randomInt(256)}.${randomInt(2, 255)}]`;
  const address = `spillway-test@${domain}`;
  try {
    await receiptsAbout(comparableDomain(domain));
  } catch (error) {
    return note(name, `none was sent, as the guard's journal cannot be read: ${errorText(error)}`);
  }
  const { values } = await readPostconf(root, place.instance, ['hopcount_limit']);
  const hops = Number(values.get('hopcount_limit') ?? 50) + 1;
  const sendmail = [
    place.sendmailPath,
    ...(place.instance.length > 0 ? ['-C', place.configFolder] : []),
  ];
  const command = [...sendmail, '-i', '-f', address, address];
  const ran = await root.run('/', command, textOf(hops));
  if (ran.status !== 0) {
    // Instances that postmulti(1) makes take mail from nobody this way.
    const isClosed = /not allowed to submit/.test(ran.stderr);
    return (isClosed ? note : trouble)(name, failureOf(place.sendmailPath, ran));
  }
  let receipts: readonly StoredReceipt[] = [];
  let queued: string[] | null = null;
  for (const deadline = performance.now() + patience; performance.now() < deadline; ) {
    await sleep(pause);
    const all = await receiptsAbout(comparableDomain(domain)).catch(() => []);
    receipts = all.filter(({ check, enforced }) => check === wanted && enforced);
    queued = await queuedTo(root, place, address);
    if (receipts.length > 0 && (queued ?? []).length === 0) break;
  }
  if ((queued ?? []).length > 0) {
    for (const id of queued ?? []) await root.run('/', ['postsuper', ...place.instance, '-d', id]);
    return trouble(name, `${notice} to ${address} stayed in the queue; it was removed`);
  }
  const [receipt] = receipts;
  if (!receipt)
    return trouble(
      name,
      `the guard has no receipt of ${notice} to ${address}; was Postfix reloaded, is the check "${wanted}" off, or only watching?`,
    );
  const how = receipt.action === 'discard' ? 'discarded' : 'refused';
  return well(name, `${notice} to ${address} was ${how} by the guard; nothing is left of it`);
}

function textOf(hops: number): string {
  const received = 'Received: by spillway-test\n'.repeat(hops);
  return `${received}Subject: A test of Spillway: may be deleted\n\nNobody is to get this message.\n`;
}
