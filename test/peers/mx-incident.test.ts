/**
 * The incident of 2006 with Spillway itself as the mail server: it could not have happened.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { hostedSites, knownMailboxes } from '../../src/replay/sites.ts';
import { floodSize, incidentSizes, openIncident, play, toBackend, wantedSize } from './incident.ts';
import { addresses, openNetwork } from './network.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { openSpillway, type Spillway, type SpillwayOptions } from './spillway.ts';

const skip = await whyNot();
/** The forged sender is let in, so that whatever else protects the server has to. */
const letSenderIn = '[checks.sender]\nmode = "off"\n';

interface SetUp {
  readonly name: string;
  readonly options: Pick<SpillwayOptions, 'relay' | 'recipients' | 'toml' | 'smtp'>;
  readonly flood: number;
  /** Messages of it that get in. */
  readonly accepted: number;
  readonly refusedAt: 'mail' | 'rcpt' | null;
}

const domains = (lines: string) =>
  hostedSites
    .map(
      (site) =>
        `[[domains]]\nname = "${site}"\n${lines}\ndeliver = "smtp:${addresses.backend.v4}"\n`,
    )
    .join('');
// The spammer of the replay is one client; what slows such a one down is not what is tested here.
const patient =
  'limits = { unknownPerSession = 10000000, unknownPerClient = 10000000, errorsPerSession = 100000 }';

const setUps: readonly SetUp[] = [
  {
    name: 'as it comes: the forged sender is refused at MAIL',
    options: { relay: toBackend, recipients: knownMailboxes, smtp: patient },
    flood: floodSize,
    accepted: 0,
    refusedAt: 'mail',
  },
  {
    name: 'with the sender let in and mailboxes in the configuration: refused at RCPT',
    options: { relay: toBackend, recipients: knownMailboxes, smtp: patient, toml: letSenderIn },
    flood: floodSize,
    accepted: 0,
    refusedAt: 'rcpt',
  },
  {
    // Few: after thirty inventions new names have to wait, those of wanted mail as well.
    name: 'with the sender let in and the backend asked: refused at RCPT',
    flood: 3,
    options: { smtp: patient, toml: `${letSenderIn}${domains('verify = "backend"')}` },
    accepted: 0,
    refusedAt: 'rcpt',
  },
  {
    name: 'with the sender let in and every recipient accepted: no notice is written',
    options: { smtp: patient, toml: `${letSenderIn}${domains('catchAll = "*"\nverify = "none"')}` },
    flood: floodSize,
    accepted: floodSize,
    refusedAt: null,
  },
];

for (const { name, options, flood, accepted, refusedAt } of setUps)
  test(`The incident against Spillway, ${name}`, { skip }, async (t) => {
    await using network = await openNetwork();
    await using spillway = await openSpillway({ network, ...options });
    await using incident = await openIncident(network, {
      sizes: { ...incidentSizes, messages: flood },
    });
    await spillway.start();
    const isOver = async () => (await waiting(spillway)) === 0;
    const report = await play(incident, { isOver });
    assert.ok(
      await isOver(),
      `the queue is not empty\n${await spillway.command(['queue', 'list'])}`,
    );
    const { spam, wanted, misaddressed, notices } = report;
    const cpu = await spillway.machine.cpuSeconds();
    t.diagnostic(
      `${wanted.delivered} of ${wantedSize} wanted messages delivered, p50 ${wanted.seconds?.p50.toFixed(3)} s, p99 ${wanted.seconds?.p99.toFixed(3)} s, ${cpu?.toFixed(1)} s of CPU, ${report.seconds.load.toFixed(1)} s of load`,
    );
    assert.equal(spam.accepted, accepted, JSON.stringify(spam));
    if (refusedAt) assert.equal(spam.refused[refusedAt], flood, JSON.stringify(spam));
    assert.equal(wanted.delivered, wantedSize, await spillway.output());
    assert.equal(wanted.duplicates, 0);
    assert.equal(notices.sink + notices.backend + notices.aboutSpam, 0, JSON.stringify(notices));
    assert.equal(misaddressed.noticed, 0);
    assert.equal(await spillway.machine.selfConnections(), 0);

    await spillway.stop();
    const journal = await spillway.journal();
    const count = (wantedReceipts: Parameters<typeof countReceipts>[1]) =>
      countReceipts(journal, wantedReceipts);
    // Nothing vanishes: each refusal and each failure that nobody was told of has its receipt.
    if (refusedAt === 'mail') assert.equal(count({ check: 'sender', action: 'refuse' }), flood);
    if (refusedAt === 'rcpt')
      assert.equal(
        count({ check: 'mailbox', action: 'refuse' }),
        flood * incidentSizes.recipients + incidentSizes.misaddressed,
      );
    if (accepted > 0)
      assert.ok(count({ check: 'notice' }) >= accepted, `${count({ check: 'notice' })} receipts`);
  });

/** Messages that are to be delivered; what is kept for the operator does not count. */
async function waiting(spillway: Spillway): Promise<number> {
  const text = await spillway.command(['queue', 'list', '--state', 'queued', '--json']);
  return text.split('\n').filter((line) => line !== '').length;
}
