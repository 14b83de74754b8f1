/**
 * Files of a queue that is compressed ("queue compression" in smtpd.conf), each with gzip. Latin1, one
 * character for each octet.
 */
import { constants, gunzipSync } from 'node:zlib';

const mark = '\x1f\x8b';

/** At most `limit` octets of what is packed in `octets`, or they themselves; nothing where they are damaged. */
export function unpacked(octets: string, limit: number): string {
  if (!octets.startsWith(mark)) return octets;
  try {
    const packed = Buffer.from(octets, 'latin1');
    return gunzipSync(packed, { maxOutputLength: limit }).toString('latin1');
  } catch {
    return '';
  }
}

/** deflate packs at most 1,032 octets into one, so this bounds what comes out. */
const packedPrefix = 16_384;
const mostUnpacked = packedPrefix * 1032;

/** The same of a file that may go on behind `octets`. */
export function unpackedBeginning(octets: string, limit: number): string {
  if (!octets.startsWith(mark)) return octets;
  try {
    const packed = Buffer.from(octets.slice(0, packedPrefix), 'latin1');
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: mostUnpacked };
    return gunzipSync(packed, options).toString('latin1', 0, limit);
  } catch {
    return '';
  }
}
