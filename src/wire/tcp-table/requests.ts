/**
 * Requests of the tcp_table protocol: `get SP KEY LF`, one after the other over one connection.
 *
 * Postfix tcp_table(5).
 */
import { quote, unquote } from './quoting.ts';

/** Bytes, the line end left out. Postfix reads addresses of 2,048 bytes, each of which may be quoted. */
export const longestRequest = 8_192;

export type RequestEvent =
  | { readonly kind: 'string'; readonly data: Buffer }
  | { readonly kind: 'fault'; readonly problem: string };

const lineFeed = 0x0a;

/**
 * All whole lines in `bytes`. Call again with `rest` plus new bytes.
 *
 * After a fault, a line without end, nothing more can be followed: it is the last event.
 */
export function parseLines(bytes: Buffer, limit: number) {
  const events: RequestEvent[] = [];
  let at = 0;
  for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, at)) {
    if (end - at > limit) return fault(events, limit);
    events.push({ kind: 'string', data: bytes.subarray(at, end) });
    at = end + 1;
  }
  return bytes.length - at > limit ? fault(events, limit) : { events, rest: bytes.subarray(at) };
}

function fault(events: RequestEvent[], limit: number) {
  events.push({ kind: 'fault', problem: `a line of more than ${limit} bytes` });
  return { events, rest: Buffer.alloc(0) };
}

export type TcpRequest =
  /** One character for each byte. */
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'fault'; readonly problem: string };

/** A line without its end, one character for each byte. */
export function parseRequest(line: string): TcpRequest {
  const quoted = /^get +(\S+)\r?$/i.exec(line)?.[1];
  if (quoted === undefined) return { kind: 'fault', problem: 'expected "get" and a key' };
  const key = unquote(quoted);
  return key === null
    ? { kind: 'fault', problem: 'a "%" without two hexadecimal digits' }
    : { kind: 'get', key };
}

/** As Postfix asks, with the line end. `key` has one character for each byte. */
export function formatRequest(key: string): string {
  return `get ${quote(key)}\n`;
}
