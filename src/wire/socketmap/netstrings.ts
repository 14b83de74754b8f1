/**
 * Netstrings: `LENGTH:DATA,`, the frames of the socketmap protocol.
 *
 * Specified by D. J. Bernstein, 1997; used by sendmail (socket map) and Postfix (socketmap_table).
 */
export type NetstringEvent =
  | { readonly kind: 'string'; readonly data: Buffer }
  | { readonly kind: 'fault'; readonly problem: string };

const colon = 0x3a;
const comma = 0x2c;

/**
 * All whole netstrings in `bytes`. Call again with `rest` plus new bytes.
 *
 * After a fault the stream cannot be followed any more: it is the last event, and `rest` is empty.
 * `limit` bounds the data of one string, in bytes.
 */
export function parseNetstrings(bytes: Buffer, limit: number) {
  const events: NetstringEvent[] = [];
  const digits = String(limit).length;
  let at = 0;
  while (at < bytes.length) {
    let end = at;
    let length = 0;
    for (; end < bytes.length && bytes[end] !== colon; end++) {
      const digit = (bytes[end] ?? 0) - 0x30;
      const isLeadingZero = end > at && length === 0;
      if (digit < 0 || digit > 9 || isLeadingZero || end - at >= digits)
        return fault(events, `a netstring starts with its length, at most ${limit}, and a colon`);
      length = length * 10 + digit;
    }
    if (end === at && end < bytes.length) return fault(events, 'a netstring has no length');
    if (length > limit)
      return fault(events, `a netstring of ${length} bytes; at most ${limit} are taken`);
    const stop = end + 1 + length;
    if (stop >= bytes.length) break;
    if (bytes[stop] !== comma) return fault(events, 'a netstring does not end with a comma');
    events.push({ kind: 'string', data: bytes.subarray(end + 1, stop) });
    at = stop + 1;
  }
  return { events, rest: bytes.subarray(at) };
}

function fault(events: NetstringEvent[], problem: string) {
  events.push({ kind: 'fault', problem });
  return { events, rest: Buffer.alloc(0) };
}

/** `text` holds one byte per character (latin1). */
export function formatNetstring(text: string): string {
  return `${text.length}:${text},`;
}
