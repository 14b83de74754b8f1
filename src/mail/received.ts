/**
 * The Received field that we put on top of every message we take.
 *
 * RFC 5321 §4.4 (from, by, via, with, id, for), RFC 3848 and RFC 6531 §4.3 (the words after `with`).
 * What the client told of itself stands in it, so only harmless characters of that get through.
 */
import { formatDate } from './date.ts';
import type { Client } from './envelope.ts';
import { parseIp } from './ip.ts';

export interface Hop {
  readonly client: Client;
  /** Our own name. */
  readonly by: string;
  readonly protocol: 'SMTP' | 'ESMTP' | 'LMTP';
  readonly smtpUtf8: boolean;
  /** `TLSv1.3`, `TLS_AES_256_GCM_SHA384`; null where the connection is not encrypted. */
  readonly tls: { readonly version: string; readonly cipher: string } | null;
  readonly loggedIn: boolean;
  readonly id: string;
  /** The only recipient; null where there are several: nobody is to learn of the others. */
  readonly forwardPath: string | null;
  /** ms since 1970. */
  readonly time: number;
}

/** Several lines, each ended by CRLF. */
export function formatReceived(hop: Hop): string {
  const { client, tls } = hop;
  const cipher = tls ? `\r\n\t(${word(tls.version)} cipher ${word(tls.cipher)})` : '';
  const path = hop.forwardPath === null ? null : safePath(hop.forwardPath, hop.smtpUtf8);
  const recipient = path === null ? '' : `\r\n\tfor <${path}>`;
  return (
    `Received: from ${word(client.helo) || 'unknown'} (${describePeer(client)})${cipher}\r\n` +
    `\tby ${hop.by} (Spillway) with ${protocolWord(hop)} id ${hop.id}${recipient};\r\n` +
    `\t${formatDate(hop.time)}\r\n`
  );
}

/** `ESMTPSA`, `UTF8LMTPS`: S for TLS, A for a login. Plain SMTP and HELO know neither. */
function protocolWord({ protocol, smtpUtf8, tls, loggedIn }: Hop): string {
  if (protocol === 'SMTP') return 'SMTP';
  const base = smtpUtf8 ? `UTF8${protocol.slice(protocol === 'ESMTP' ? 1 : 0)}` : protocol;
  return `${base}${tls ? 'S' : ''}${loggedIn ? 'A' : ''}`;
}

/** `mail.example.org [192.0.2.1]`, RFC 5321 §4.1.3 for IPv6; a unix socket has no address. */
function describePeer({ address, name }: Client): string {
  const ip = address === null ? null : parseIp(address);
  if (ip === null) return 'local';
  const literal = ip.bytes.length === 16 ? `[IPv6:${ip.text}]` : `[${ip.text}]`;
  return name === null ? literal : `${word(name)} ${literal}`;
}

/** What is no part of a domain, a literal or a cipher's name becomes `?`. */
function word(text: string | null): string {
  return (text ?? '').slice(0, 255).replace(/[^A-Za-z0-9._:[\]-]/g, '?');
}

/** Null where the path could end the field or hide in it: the clause is left out then. */
function safePath(path: string, smtpUtf8: boolean): string | null {
  if (path.length > 320 || /[\u0000-\u0020\u007f-\u009f()<>\\";\u2028\u2029]/.test(path))
    return null;
  return smtpUtf8 || !/[\u0080-\uffff]/.test(path) ? path : null;
}
