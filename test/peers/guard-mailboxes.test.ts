/**
 * Servers that relay hosted sites to a backend without knowing its recipients: accept, then bounce.
 * The guard as their milter or filter knows the recipients, and nothing of the flood is accepted.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { hostedSites } from '../../src/replay/sites.ts';
import { installGuard, startGuard } from './guard.ts';
import { incidentSizes, openIncident, play, toBackend, wantedSize } from './incident.ts';
import { addresses, type Network, openNetwork } from './network.ts';
import { inHurry, openOpensmtpd } from './opensmtpd.ts';
import { openPostfix } from './postfix.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { openSendmail } from './sendmail.ts';

const skip = await whyNot();
const flood = 200;

/** The forged sender is let in, so that recipients alone protect the server. */
const modes = { sender: 'off' } as const;
const domains = (lines: string) =>
  hostedSites
    .map(
      (site) => `[[domains]]\nname = "${site}"\n${lines}deliver = "smtp:${addresses.backend.v4}"\n`,
    )
    .join('');

const servers = {
  sendmail: (network: Network) =>
    openSendmail({
      network,
      relay: toBackend,
      mc: { features: ["INPUT_MAIL_FILTER(`guard', `S=inet:9998@127.0.0.1, F=T')dnl"] },
    }),
  Postfix: (network: Network) =>
    openPostfix({
      network,
      relay: toBackend,
      settings: {
        smtpd_milters: 'inet:127.0.0.1:9998',
        // The sender of the replay is one client, and not the one who is on trial.
        smtpd_hard_error_limit: '100000',
        smtpd_soft_error_limit: '100000',
      },
    }),
  OpenSMTPD: async (network: Network) => {
    const smtpd = await openOpensmtpd({ network, relay: toBackend, lines: [inHurry] });
    await installGuard(smtpd.machine, 'open', 'opensmtpd');
    return smtpd;
  },
};

for (const [name, open] of Object.entries(servers))
  for (const [how, lines, isListed] of [
    ['a list of mailboxes', 'mailboxes = ["info"]\n', true],
    // After thirty inventions new names have to wait: 451, and who comes again is let in.
    ['the backend asked', 'verify = "backend"\n', false],
  ] as const)
    test(`${name}, the guard with ${how}: unknown recipients are refused at RCPT, no notice is written`, {
      skip,
    }, async (t) => {
      await using network = await openNetwork();
      await using server = await open(network);
      await using incident = await openIncident(network, {
        sizes: { ...incidentSizes, messages: flood },
      });
      await using guard = await startGuard(server.machine, modes, domains(lines));
      await server.start();
      const { spam, wanted, misaddressed, notices, refusals } = await play(incident);
      t.diagnostic(
        `${wanted.delivered} of ${wantedSize} wanted messages delivered, p50 ${wanted.seconds?.p50.toFixed(2)} s, p99 ${wanted.seconds?.p99.toFixed(2)} s`,
      );
      assert.equal(spam.accepted, 0, JSON.stringify(spam));
      assert.equal(wanted.delivered, wantedSize, JSON.stringify(refusals));
      assert.equal(misaddressed.noticed, 0);
      assert.equal(notices.sink + notices.backend + notices.aboutSpam, 0, JSON.stringify(notices));
      assert.equal(await server.queued(), 0);
      assert.equal(await server.machine.selfConnections(), 0);
      await guard.stop();
      const journal = await guard.journal();
      const refused = countReceipts(journal, { check: 'mailbox', reason: 'mailbox-unknown' });
      const all = countReceipts(journal, { check: 'mailbox' });
      const invented = flood * incidentSizes.recipients + incidentSizes.misaddressed;
      if (isListed) assert.deepEqual([refused, all], [invented, invented]);
      else assert.ok(refused >= 30 && all >= invented, `${refused} of ${all}`);
      assert.ok(refusals.length > 0);
      await server.stop();
    });
