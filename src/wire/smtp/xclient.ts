/**
 * XCLIENT: a proxy tells for whom it speaks.
 *
 * Postfix's XCLIENT_README: `XCLIENT NAME=mx.example.org ADDR=192.0.2.1 PROTO=ESMTP`, the values in
 * xtext; `[UNAVAILABLE]` and `[TEMPUNAVAIL]` where the proxy does not know; IPv6 after `IPV6:`.
 */
import { parseIp } from '../../mail/ip.ts';
import { decodeXtext } from '../../mail/xtext.ts';
import { parseParameters } from './parameters.ts';
import type { XclientAttributes } from './session.ts';

/** What we announce; ports and our own address are read and mean nothing to us. */
export const xclientKeywords = 'XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT';

const longestValue = 255;
const control = /[\u0000-\u001f\u007f-\u009f]/;
const unknown = new Set(['[UNAVAILABLE]', '[TEMPUNAVAIL]']);

/** Null where the argument is malformed. */
export function parseXclient(argument: string): XclientAttributes | null {
  const given = parseParameters(` ${argument}`, 0);
  if (typeof given === 'string' || given.size === 0) return null;
  const found: { -readonly [name in keyof XclientAttributes]: XclientAttributes[name] } = {};
  for (const [keyword, xtext] of given) {
    const value = readValue(xtext);
    if (value === undefined) return null;
    switch (keyword) {
      case 'ADDR': {
        const address = value === null ? null : parseIp(value.replace(/^ipv6:/i, ''));
        if (value !== null && address === null) return null;
        found.address = address ? address.text : null;
        break;
      }
      case 'NAME':
        found.name = value;
        break;
      case 'HELO':
        found.helo = value;
        break;
      case 'LOGIN':
        found.login = value;
        break;
      case 'PROTO':
        if (value !== null && !/^e?smtp$/i.test(value)) return null;
        found.protocol = value === null ? null : value.toUpperCase();
        break;
      case 'PORT':
      case 'DESTADDR':
      case 'DESTPORT':
        break;
      default:
        return null;
    }
  }
  return found;
}

/** Undefined where it is malformed, null where the proxy does not know. */
function readValue(xtext: string | null): string | null | undefined {
  if (xtext === null) return undefined;
  if (unknown.has(xtext.toUpperCase())) return null;
  const value = decodeXtext(xtext);
  return value === null || value.length > longestValue || control.test(value) ? undefined : value;
}
