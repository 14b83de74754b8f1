/**
 * What sendmail says to an unknown recipient: by its own rules (`-bt`), and by `-bv`, which does all that
 * it does at RCPT and delivers nothing.
 */
import { type UnknownForetold, unknownForetold } from '../unknown-recipient.ts';

/** Members of a class, out of `sendmail -bt` that was asked for them one after the other. */
export function readClasses(said: string): string[][] {
  const [, ...answers] = said.split(/^> ?/m);
  return answers.map((answer) => answer.split('\n').filter((line) => /^\S+$/.test(line)));
}

/** A domain that strangers write to, among the members of class w and R: no address, no network. */
export function isHostedName(name: string): boolean {
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*$/i.test(name);
}

/**
 * `rules`: what `-bt` said to `Basic_check_rcpt`; `verified`: what `-bv` said. `name` is that of the
 * recipient that does not exist.
 */
export function readUnknown(rules: string, verified: string, name: string): UnknownForetold {
  const refusal = /^Basic_check_rcpt returns: \$# error .*?\$: (.*)$/m.exec(rules)?.[1];
  if (refusal !== undefined)
    return unknownForetold('refused', `its rules refuse it: ${refusal.replaceAll('"', '').trim()}`);
  const line = verified.trim().split('\n').at(-1) ?? '';
  if (/User unknown|No such user/i.test(line))
    return unknownForetold('refused', 'sendmail -bv says "User unknown"');
  const [, mailer, host, user = ''] =
    /deliverable: mailer (\S+?),(?: host (\S+),)? user (.*)$/.exec(line) ?? [];
  if (mailer === undefined) return unknownForetold('unclear', `sendmail -bv says: ${line}`);
  if (!user.startsWith(name))
    return unknownForetold('catch-all', `virtusertable sends it to ${user}`);
  if (host === undefined)
    return unknownForetold('accepted', `the mailer ${mailer} takes every name`, {});
  return unknownForetold('accepted', `it goes to ${host}, whoever it is for`, {
    cures: [
      "sendmail.mc: FEATURE(`blocklist_recipients')dnl, and in /etc/mail/access: To:DOMAIN ERROR:5.1.1:550 User unknown, and To:MAILBOX@DOMAIN RELAY for each mailbox",
    ],
    backend: host.replace(/^\[|\]$/g, ''),
  });
}
