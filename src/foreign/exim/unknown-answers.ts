/**
 * What Exim says to an unknown recipient: a session that it only plays (`-bh`), and its routers (`-bt`).
 */
import { fateOfReply, type UnknownForetold, unknownForetold } from '../unknown-recipient.ts';

/** Named lists of domains in `exim -bP config`: name -> items, as they stand there. */
export function domainLists(config: string): ReadonlyMap<string, readonly string[]> {
  const lists = new Map<string, readonly string[]>();
  const joined = config.replaceAll(/\\\n\s*/g, '');
  for (const [, name = '', text = ''] of joined.matchAll(
    /^[ \t]*domainlist(?:_cache)?[ \t]+(\w+)[ \t]*=[ \t]*(.*)$/gm,
  ))
    lists.set(name, itemsOf(text));
  return lists;
}

/** Separated by colons, of which two are one, or by the sign behind `<`. */
function itemsOf(text: string): string[] {
  const other = /^<(\S)/.exec(text.trim())?.[1];
  const items =
    other === undefined
      ? text
          .replaceAll('::', '\0')
          .split(':')
          .map((item) => item.replaceAll('\0', ':'))
      : text.trim().slice(2).split(other);
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

/** The commands of a session that asks about each recipient; a line each. */
export function sessionFor(recipients: readonly string[]): string {
  const commands = recipients.flatMap((recipient) => [
    'MAIL FROM:<>',
    `RCPT TO:<${recipient}>`,
    'RSET',
  ]);
  return ['EHLO spillway.invalid', ...commands, 'QUIT', ''].join('\r\n');
}

/** The reply to MAIL where that is a refusal, or that to RCPT, for each; null where the session ended before. */
export function readSession(said: string, count: number): readonly (string | null)[] {
  const replies = said
    .split(/\r?\n/)
    .filter((line) => /^\d{3} /.test(line))
    .slice(2);
  return Array.from({ length: count }, (_, i) => {
    const [mail, rcpt] = [replies[3 * i], replies[3 * i + 1]];
    if (mail === undefined) return null;
    return /^2/.test(mail) ? (rcpt ?? null) : mail;
  });
}

/** `routed`: what `-bt` says of the address. */
export function readUnknown(reply: string | null, routed: string): UnknownForetold {
  if (reply === null) return unknownForetold('unclear', 'the session that Exim plays ended before');
  const played = `in a session that Exim plays (-bh) it says: ${reply}`;
  const fate = fateOfReply(reply);
  if (fate !== 'accepted') return unknownForetold(fate, played);
  if (/ {4}<-- /.test(routed))
    return unknownForetold('catch-all', `a router takes every name of it`);
  const host = /^ {2}host (\S+)/m.exec(routed)?.[1];
  if (host === undefined)
    return unknownForetold('accepted', `${played}, though no mailbox is found later`, {
      cures: ['acl_smtp_rcpt: require verify = recipient'],
    });
  return unknownForetold('accepted', `${played}; it goes to ${host}, whoever it is for`, {
    cures: ['acl_smtp_rcpt: require verify = recipient/callout=use_sender,defer_ok'],
    backend: host,
  });
}
