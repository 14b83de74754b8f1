/**
 * Who brought a message, by the Received field of the server that took it.
 *
 * RFC 5321 §4.4 lets the address stand in a comment, and each server has its own form:
 *
 * - sendmail, Postfix, OpenSMTPD, Haraka, Spillway: `from HELO (NAME [ADDRESS]) by ...`, sendmail also
 *   with `IDENT@` before the name and `(may be forged)` after the address
 * - Exim: `from NAME ([ADDRESS] helo=HELO ident=IDENT) by ...`, without a name
 *   `from [ADDRESS] (helo=HELO) by ...`; with `:PORT` after the bracket where it is told to
 * - qmail: `from NAME (HELO HELO) (IDENT@ADDRESS) by ...`
 *
 * HELO and IDENT are the client's own words, and may look like an address.
 */
import { isIP } from 'node:net';
import { parseIp, unmapped } from '../mail/ip.ts';

/** A filter that a message passes through on the machine itself adds two or three. */
const mostLocalHops = 5;

/** The queues of qmail and Haraka write a field of their own above that of the server. */
const ofQueue = /^\((?:qmail|Haraka) /;

/**
 * Finds the client in the Received fields, given from the top.
 *
 * Only the topmost was surely written by the server. Where it says that the machine itself handed the
 * message in, as a filter does, the first one below that has another client counts, if the same server
 * claims to have written it.
 */
export class ClientTrace {
  client: string | null = null;
  isEmpty = true;
  isDone = false;
  private by: string | null = null;
  private hops = 0;

  /** `value` on one line; null: one that is too long to be true. */
  add(value: string | null): void {
    if (value !== null && this.isEmpty && ofQueue.test(value)) return;
    const client = value === null ? null : clientOfReceived(value);
    const by = value === null ? null : serverOfReceived(value);
    if (this.isEmpty) [this.client, this.by, this.isEmpty] = [client, by, false];
    const isLocal = client !== null && isLoopback(client);
    if (!isLocal && client !== null && by === this.by) this.client = client;
    this.isDone = !isLocal || ++this.hops >= mostLocalHops;
  }
}

/** The name after `by`. */
function serverOfReceived(value: string): string | null {
  return /[\s)]by\s+([^\s;()]{1,255})/.exec(value)?.[1]?.toLowerCase() ?? null;
}

/** For an address in its canonical form. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** `value` on one line. Null: it came from no network, or in no form that is known. */
export function clientOfReceived(value: string): string | null {
  const by = /[\s)]by\s/.exec(value);
  const from = by ? value.slice(0, by.index + 1) : value;
  if (!/^from\s/i.test(from)) return null;
  const open = from.indexOf('(');
  if (open < 0) return bracketed(firstBracket.exec(from.slice(4)));
  const beforeComment = from.slice(4, open);
  const close = from.indexOf(')', open);
  const comment = from.slice(open + 1, close < 0 ? undefined : close);
  if (/^(?:helo|ident|port)=/i.test(comment)) return bracketed(firstBracket.exec(beforeComment));
  if (/^\[/.test(comment)) return bracketed(firstBracket.exec(comment));
  const last = comment.lastIndexOf('[');
  if (last >= 0 && !/^HELO /i.test(comment))
    return bracketed(firstBracket.exec(comment.slice(last)));
  return address(/\((?:[^()]*@)?([0-9a-f.:]{2,45})\)\s*$/i.exec(from)?.[1]);
}

const firstBracket = /^\s*\[(?:IPv6:)?([0-9a-f.:]{2,45})(?:%[^\]]*)?\]/i;

function bracketed(found: RegExpExecArray | null): string | null {
  return address(found?.[1]);
}

function address(text: string | undefined): string | null {
  // An IPv4 address has one spelling, so it needs no bytes.
  if (text === undefined || isIP(text) === 4) return text ?? null;
  const ip = parseIp(text);
  return ip && unmapped(ip).text;
}
