/**
 * Settings of who exists here, who may send elsewhere, and who may log in.
 */
import { z } from 'zod';
import { tlsModes } from '../delivery/smtp-hop.ts';
import { defaultProbeLimits } from '../recipients/probe-brake.ts';
import {
  destination,
  domain,
  mailbox,
  mapSource,
  network,
  passwordHash,
  smarthost,
} from './units.ts';

const targets = z.union([mailbox().transform((one) => [one]), z.array(mailbox()).min(1)], {
  error: () => 'a mailbox, or a list of them',
});

export const domainSettings = z
  .array(
    z.strictObject({
      name: domain().describe('The domain.'),
      mailboxes: z.array(mailbox()).default([]).describe('Who has a mailbox.'),
      aliases: z
        .record(z.string(), targets)
        .default({})
        .describe('Other names, and who gets their mail: here or anywhere.'),
      catchAll: z
        .union([z.literal('*'), mailbox()])
        .optional()
        .describe('Who gets the mail of every other name; "*": each name exists.'),
      deliver: destination()
        .optional()
        .describe('Where the mail goes; by default a Maildir in the folder of the store.'),
      maps: z
        .array(mapSource())
        .default([])
        .describe('Lists of another mail server that tell who exists.'),
      verify: z
        .enum(['none', 'backend'])
        .optional()
        .describe('Ask the server behind about names that no list knows.'),
      cutThrough: z
        .boolean()
        .default(false)
        .describe('Hand messages to the server behind while the client waits.'),
    }),
  )
  .default([])
  .describe('The domains whose mail is taken.');

export const recipientSettings = z
  .strictObject({
    separator: z
      .string()
      .regex(/^[^\sA-Za-z0-9@]?$/, 'one sign such as "+", or "" for none')
      .default('+')
      .describe('Between a name and its detail: ann+news is ann.'),
    whenSilent: z
      .enum(['defer', 'accept'])
      .default('defer')
      .describe('When the server behind cannot be asked: 451, or take the mail on trust.'),
    probesAtOnce: z
      .int()
      .min(1)
      .max(1000)
      .default(defaultProbeLimits.inFlight)
      .describe('Questions to one server behind at a time.'),
    probesPerSecond: z
      .int()
      .min(1)
      .max(10_000)
      .default(defaultProbeLimits.perSecond)
      .describe('Questions to one server behind within a second.'),
  })
  .prefault({});

export const relaySettings = z
  .strictObject({
    networks: z
      .array(network())
      .prefault(['127.0.0.0/8', '::1/128'])
      .describe('Who may send to other domains without a login.'),
    smarthost: smarthost().optional().describe('The server that takes mail for other domains.'),
    user: z.string().min(1).optional().describe('Login at the smarthost...'),
    password: z.string().min(1).optional().describe('...and its password.'),
    tls: z
      .enum(tlsModes)
      .default('opportunistic')
      .describe('How the connection to the smarthost is encrypted; port 465 is so from the start.'),
  })
  .prefault({});

export const loginSettings = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(200).describe('As the client gives it.'),
      password: passwordHash().describe('What "spillway password" prints.'),
    }),
  )
  .default([])
  .describe('Who may log in to send mail.');
