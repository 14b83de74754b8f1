/**
 * A -H file as it is when nobody has frozen the message: without the line that says so.
 *
 * That is what Exim itself writes when it thaws, apart from `-manual_thaw`, which would let the message
 * pass a filter of the server that freezes.
 */
import type { SpoolHeader } from './spool-header.ts';

export function withoutFrozen(bytes: Buffer, { frozen }: SpoolHeader): Buffer {
  if (!frozen) return bytes;
  return Buffer.concat([bytes.subarray(0, frozen.start), bytes.subarray(frozen.end)]);
}
