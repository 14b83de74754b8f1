/**
 * All settings, each with its default, its bounds and what it is for.
 *
 * All of it is optional. Units are parsed here: other rooms receive milliseconds, addresses as bytes
 * and names in comparable form.
 */
import { z } from 'zod';
import { failureModes } from '../mail/failure-mode.ts';
import { defaultLoopLimits } from '../verdict/loop.ts';
import { defaultRoutePolicy } from '../verdict/route-policy.ts';
import { type Check, type CheckSetting, type Mode, modes } from '../verdict/verdict.ts';
import { alertSettings } from './alert-settings.ts';
import {
  deliverySettings,
  noticeSettings,
  processSettings,
  queueSettings,
} from './delivery-settings.ts';
import {
  domainSettings,
  loginSettings,
  recipientSettings,
  relaySettings,
} from './domain-settings.ts';
import { smtpSettings } from './smtp-settings.ts';
import {
  address,
  domain,
  domainPattern,
  duration,
  endpoint,
  hopName,
  nameServer,
  network,
} from './units.ts';

const check = (what: string, usual: Mode = 'enforce') =>
  z
    .strictObject({
      mode: z.enum(modes).default(usual).describe('enforce, watch (only recorded) or off.'),
      onFailure: z
        .enum(failureModes)
        .default('closed')
        .describe('When DNS gives no answer: closed defers the mail, open lets it pass.'),
    } satisfies { [key in keyof CheckSetting]: z.ZodType })
    .prefault({})
    .describe(what);

const switches = z.enum(['refuse', 'accept']);
const switchesFor = <T extends object>(defaults: T) =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(defaults).map(([name, value]) => [name, switches.default(value)]),
    ) as { [key in keyof T]: z.ZodDefault<typeof switches> },
  );

export const settings = z.strictObject({
  dns: z
    .strictObject({
      servers: z
        .array(nameServer())
        .default([])
        .describe('Name servers; empty: those of resolv.conf.'),
      timeout: duration('250ms', '7s', 'as mail servers wait about 10 s for an answer')
        .prefault('4s')
        .describe('How long the look-ups for one domain may take in all.'),
    })
    .prefault({}),
  verdict: z
    .strictObject({
      public: z
        .array(network())
        .default([])
        .describe(
          'Networks you vouch for: their addresses count as public, unless they are our own.',
        ),
      nat64: z.array(network()).default([]).describe('NAT64 prefixes besides 64:ff9b::/96.'),
      routed: z
        .array(domainPattern())
        .default([])
        .describe(
          'Domains you route on purpose, whatever DNS says; ".example.org" means all below it.',
        ),
      smarthosts: z
        .array(hopName())
        .default([])
        .describe('Next hops for all mail: going there says nothing about the domain.'),
      ownNames: z
        .array(domain())
        .default([])
        .describe('Names of this machine besides its host name.'),
      ownAddresses: z
        .array(address())
        .default([])
        .describe('Addresses of this machine that its interfaces do not show: those before a NAT.'),
      alone: switchesFor(defaultRoutePolicy.alone)
        .prefault({})
        .describe('When nothing better stands behind a domain.'),
      mixed: switchesFor(defaultRoutePolicy.mixed)
        .prefault({})
        .describe('When such an address stands beside good ones.'),
    })
    .prefault({}),
  checks: z
    .strictObject({
      sender: check('Can a failure be reported to the reverse-path? Asked at MAIL.'),
      recipient: check(
        'Can mail for the forward-path be delivered? Asked at RCPT and at delivery.',
      ),
      mailbox: check(
        'Does the mailbox exist? Of a server that is guarded; where Spillway takes the mail itself, always enforced.',
      ),
      notice: check('May a failure notice go to this address? Asked at delivery.'),
      loop: check('Is the message going in circles? Asked after its header.'),
      dmarc: check(
        "Does the message obey its author's DMARC policy? Asked after it has come in.",
        'watch',
      ),
      flood: check(
        'Does it belong to a flood that goes on? Asked at RCPT and for notices; see docs/floods.md.',
        'watch',
      ),
    } satisfies { [key in Check]: z.ZodType })
    .prefault({}),
  loops: z
    .strictObject({
      received: z
        .int()
        .min(20)
        .max(1000)
        .default(defaultLoopLimits.received)
        .describe('More Received fields than this are a loop (RFC 5321 6.3: at least 100).'),
      ownReceived: z
        .int()
        .min(2)
        .max(1000)
        .default(defaultLoopLimits.ownReceived)
        .describe('More Received fields of our own than this are a loop.'),
      ownStamps: z
        .int()
        .min(2)
        .max(1000)
        .default(defaultLoopLimits.ownStamps)
        .describe('More signed stamps of our own than this are a loop.'),
    })
    .prefault({}),
  guard: z
    .strictObject({
      socketmap: z
        .array(endpoint())
        .prefault(['127.0.0.1:9997'])
        .describe('Where to answer look-ups.'),
      milter: z.array(endpoint()).prefault(['127.0.0.1:9998']).describe('Where to filter SMTP.'),
      policy: z
        .array(endpoint())
        .prefault(['127.0.0.1:9996'])
        .describe('Where to answer the policy questions of Postfix.'),
      tcp: z
        .array(endpoint())
        .default([])
        .describe('Where to answer look-ups of transport_maps = tcp:... of Postfix...'),
      tcpSender: z.array(endpoint()).default([]).describe('...of check_sender_access...'),
      tcpRecipient: z.array(endpoint()).default([]).describe('...and of check_recipient_access.'),
      readsocket: z
        .array(endpoint())
        .prefault(['127.0.0.1:9995'])
        .describe('Where to answer what Exim asks by readsocket.'),
      filter: z
        .array(endpoint())
        .prefault(['127.0.0.1:9994'])
        .describe('Where `spillway filter` hands over what OpenSMTPD asks.'),
    })
    .prefault({}),
  smtp: smtpSettings,
  domains: domainSettings,
  recipients: recipientSettings,
  relay: relaySettings,
  logins: loginSettings,
  notices: noticeSettings,
  queue: queueSettings,
  delivery: deliverySettings,
  process: processSettings,
  alerts: alertSettings,
  store: z
    .strictObject({
      url: z
        .string()
        .regex(/^sqlite:./, '"sqlite:FOLDER"')
        .optional()
        .describe(
          'Where journal and queue are kept; by default a folder of the system or of the user.',
        ),
    })
    .prefault({}),
  journal: z
    .strictObject({
      keep: duration('1h', '36500d', 'such as "90d"')
        .prefault('90d')
        .describe('How long receipts are kept.'),
    })
    .prefault({}),
});

export type Settings = z.output<typeof settings>;
