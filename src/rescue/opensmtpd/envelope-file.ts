/**
 * The file of one envelope.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  largestEnvelope,
  parseEnvelope,
  type SmtpdEnvelope,
} from '../../foreign/opensmtpd/envelope.ts';

export type EnvelopeFileRead =
  | { readonly kind: 'envelope'; readonly envelope: SmtpdEnvelope }
  | { readonly kind: 'fault'; readonly problem: string }
  /** Gone by now, or just being written. */
  | { readonly kind: 'absent' };

export interface EnvelopeFiles {
  read(path: string): EnvelopeFileRead;
  exists(path: string): boolean;
}

/** No link is followed, and nothing waits for the writer of a pipe. */
export const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The server writes an envelope in one go: what is not whole after so many ms never will be. */
const writingTime = 5_000;

export function createEnvelopeFiles(): EnvelopeFiles {
  const buffer = Buffer.allocUnsafe(largestEnvelope + 1);

  function readOpen(file: number): EnvelopeFileRead {
    const length = readSync(file, buffer, 0, buffer.length, 0);
    const bytes = buffer.subarray(0, length);
    const first = parseEnvelope(bytes);
    const read =
      first.kind === 'packed' && first.how === 'gzip' ? parseEnvelope(unpack(bytes)) : first;
    if (read.kind === 'envelope') return read;
    const stat = fstatSync(file);
    if (!stat.isFile()) return { kind: 'fault', problem: 'expected a file' };
    if (read.kind === 'packed')
      return {
        kind: 'fault',
        problem:
          read.how === 'encrypted'
            ? 'the queue is encrypted ("queue encryption" in smtpd.conf): only smtpd can read it'
            : 'expected an envelope, found it compressed twice',
      };
    return Math.abs(Date.now() - stat.mtimeMs) < writingTime
      ? { kind: 'absent' }
      : { kind: 'fault', problem: read.problem };
  }

  return {
    read(path) {
      let file: number;
      try {
        file = openSync(path, readOnly);
      } catch (error) {
        return failed(error);
      }
      try {
        return readOpen(file);
      } catch (error) {
        return failed(error);
      } finally {
        closeSync(file);
      }
    },
    exists: (path) => lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  };
}

/** What cannot be unpacked is left as nothing, which is no envelope. */
function unpack(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: largestEnvelope });
  } catch {
    return new Uint8Array();
  }
}

/** What became of opening or reading a file of the queue. */
function failed(error: unknown): EnvelopeFileRead {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') return { kind: 'absent' };
  if (code === 'ELOOP') return { kind: 'fault', problem: 'expected a file, found a symbolic link' };
  return { kind: 'fault', problem: error instanceof Error ? error.message : String(error) };
}
