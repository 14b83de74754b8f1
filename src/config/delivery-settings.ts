/**
 * Settings of what becomes of accepted mail: the queue, the way on, and what is told to senders.
 */
import { z } from 'zod';
import { defaultLaneLimits } from '../delivery/lane.ts';
import { tlsModes } from '../delivery/smtp-hop.ts';
import { defaultNoticeLimits, noticePolicies } from '../verdict/notice.ts';
import { duration } from './units.ts';

export const noticeSettings = z
  .strictObject({
    policy: z
      .enum(noticePolicies)
      .default(defaultNoticeLimits.policy)
      .describe('Who is told that a message could not be delivered.'),
    perSender: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(defaultNoticeLimits.perSender)
      .describe('Most notices to one sender within an hour.'),
    inAll: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(defaultNoticeLimits.inAll)
      .describe('Most notices to all within an hour.'),
    backlog: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(defaultNoticeLimits.backlog)
      .describe(
        'Most notices that wait to be delivered: beyond that no more, until half are gone.',
      ),
    toLogin: z
      .boolean()
      .default(false)
      .describe('Tell the login that sent the message rather than its reverse-path.'),
    delay: duration('1m', '30d', 'such as "4h"')
      .prefault('4h')
      .describe('Time in the queue after which a delay is reported, to who asked for it.'),
    tellDelays: z
      .boolean()
      .default(false)
      .describe('Report delays also to senders who did not ask for it.'),
    keep: duration('0s', '3650d', 'such as "7d"')
      .prefault('7d')
      .describe('How long a message is kept whose failure nobody can be told of.'),
  })
  .prefault({});

export const queueSettings = z
  .strictObject({
    lifetime: duration('1m', '30d', 'as RFC 5321 asks for 4 to 5 days')
      .prefault('5d')
      .describe('How long delivery is tried.'),
    noticeLifetime: duration('1m', '30d', 'such as "1d"')
      .prefault('1d')
      .describe('How long the delivery of our own notices is tried.'),
    retry: z
      .array(duration('1s', '7d', 'such as "5m"'))
      .min(1)
      .prefault(['5m', '10m', '20m', '40m', '1h', '2h', '4h'])
      .describe('What is waited after the first, the second, ... attempt; the last holds on.'),
    keepPurged: duration('0s', '3650d', 'such as "30d"')
      .prefault('30d')
      .describe('How long a purge can be undone.'),
  })
  .prefault({});

export const deliverySettings = z
  .strictObject({
    tls: z
      .enum(tlsModes)
      .default('opportunistic')
      .describe('How connections to the MX of other domains are encrypted.'),
    backendTls: z
      .enum(tlsModes)
      .default('opportunistic')
      .describe('How connections to the servers behind are encrypted.'),
    paused: z
      .boolean()
      .default(false)
      .describe('Take and keep mail, and deliver none of it for now.'),
    transactions: z
      .int()
      .min(1)
      .max(10_000)
      .default(400)
      .describe('Most transactions with other servers at a time.'),
    perHop: z
      .int()
      .min(1)
      .max(1000)
      .default(defaultLaneLimits.most)
      .describe('Most transactions with one next hop at a time.'),
  })
  .prefault({});

export const processSettings = z
  .strictObject({
    user: z.string().min(1).optional().describe('Where root starts it: who it becomes.'),
    group: z.string().min(1).optional().describe('By default the first group of that user.'),
  })
  .prefault({});
