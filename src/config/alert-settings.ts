/**
 * Settings of who is told of incidents.
 */
import { z } from 'zod';
import { parseAddress } from '../mail/address.ts';

export const alertSettings = z
  .strictObject({
    webhook: z
      .url({ protocol: /^https?$/, error: '"https://..." or "http://..."' })
      // fetch takes no such URL, and its error would write the password into the log.
      .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'a URL without a name and password')
      .optional()
      .describe('Gets a JSON document by POST when an incident begins, and when it ends.'),
    mail: z
      .string()
      .refine(
        (text) => parseAddress(text).kind === 'mailbox',
        'an address, such as "postmaster@example.org"',
      )
      .optional()
      .describe('Gets a mail when an incident begins, and when it ends.'),
    sendmail: z
      .string()
      .min(1)
      .default('/usr/sbin/sendmail')
      .describe(
        'By what a guard hands that mail over; where Spillway takes mail itself, its own queue does.',
      ),
  })
  .prefault({});
