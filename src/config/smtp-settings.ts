/**
 * Settings of the server that takes mail itself: where it listens, and what a client may do.
 */
import { z } from 'zod';
import { type SmtpLimits, defaultSmtpLimits as usual } from '../server/smtp/limits.ts';
import { absolutePath, domain, duration, endpoint, network, size } from './units.ts';

const listeners = () => z.array(endpoint()).default([]);
const count = (least: number, most: number, value: number) =>
  z.int().min(least).max(most).default(value);

const limits = z
  .strictObject({
    connections: count(1, 1_000_000, usual.connections).describe('Connections in all.'),
    connectionsPerClient: count(1, 1_000_000, usual.connectionsPerClient).describe(
      'Connections of one client.',
    ),
    arrivalsPerClient: count(1, 10_000_000, usual.arrivalsPerClient).describe(
      'New connections of one client within ten minutes.',
    ),
    headerSize: size('16 KB', '64 MB').prefault('256 KB').describe('Largest header.'),
    // RFC 5321 §4.5.3.1.8: at least 100.
    recipients: count(100, 100_000, usual.recipients).describe('Recipients of one message.'),
    messagesPerSession: count(1, 10_000_000, usual.messagesPerSession).describe(
      'Messages of one connection.',
    ),
    errorsPerSession: count(1, 100_000, usual.errorsPerSession).describe(
      'Failed commands, after which a client is sent away.',
    ),
    unknownPerSession: count(1, 10_000_000, usual.unknownPerSession).describe(
      'Recipients that do not exist, after which a client is sent away.',
    ),
    unknownPerClient: count(1, 10_000_000, usual.unknownPerClient).describe(
      'The same of one client within ten minutes; then refusals come slowly.',
    ),
    slowReply: duration('0s', '1m', 'such as "2s"')
      .prefault('2s')
      .describe('How long a slow refusal takes.'),
    failedLoginsPerClient: count(1, 1_000_000, usual.failedLoginsPerClient).describe(
      'Failed logins of one client within ten minutes.',
    ),
    bytesInFlight: size('1 MB', '1024 GB')
      .prefault('512 MB')
      .describe('All messages that are on their way in.'),
    idle: duration('1s', '1h', 'as RFC 5321 asks for 5 minutes')
      .prefault('5m')
      .describe('How long a client may be silent.'),
    session: duration('1m', '7d', 'such as "4h"').prefault('4h').describe('Longest connection.'),
    handshake: duration('1s', '10m', 'such as "30s"')
      .prefault('30s')
      .describe('Longest negotiation of TLS.'),
    minimumRate: count(0, 1_000_000, usual.minimumRate).describe(
      'Octets per second that a message must come with, once "idle" is over.',
    ),
  } satisfies { [key in Exclude<keyof SmtpLimits, 'messageSize'>]: z.ZodType })
  .prefault({});

const tls = z
  .strictObject({
    certificate: absolutePath().optional().describe('Chain of certificates, PEM.'),
    key: absolutePath().optional().describe('Its private key, PEM.'),
    require: z.boolean().default(false).describe('Take no mail over an open connection.'),
  })
  .prefault({});

export const smtpSettings = z
  .strictObject({
    listen: z
      .array(endpoint())
      .prefault(['127.0.0.1:2525'])
      .describe('Where mail is taken by SMTP, as the MX does on port 25.'),
    listenTls: listeners().describe('The same, encrypted from the first octet.'),
    submission: listeners().describe('Where those who log in send their mail, port 587.'),
    submissionTls: listeners().describe('The same, encrypted from the first octet: port 465.'),
    lmtp: listeners().describe('Where mail is taken by LMTP.'),
    name: domain().optional().describe('How the server calls itself; by default the host name.'),
    maxMessage: size('64 KB', '2 GB').prefault('50 MB').describe('Largest message.'),
    tls,
    limits,
    proxies: z
      .array(network())
      .default([])
      .describe('Who says by the PROXY protocol for whom it speaks; nobody else is served there.'),
    xclient: z.array(network()).default([]).describe('Who may say by XCLIENT for whom it speaks.'),
  })
  .prefault({});
