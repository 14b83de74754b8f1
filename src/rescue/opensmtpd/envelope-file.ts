/**
 * The file of one envelope.
 */
import { closeSync, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  largestEnvelope,
  parseEnvelope,
  type SmtpdEnvelope,
  showQueueColumns,
} from '../../foreign/opensmtpd/envelope.ts';
import { errorCode } from '../../mail/error-code.ts';
import { errorText } from '../../mail/error-text.ts';
import { readOnly } from '../disk.ts';

export type EnvelopeFileRead =
  | { readonly kind: 'envelope'; readonly envelope: SmtpdEnvelope }
  | { readonly kind: 'fault'; readonly problem: string }
  /** Gone by now, or just being written. */
  | { readonly kind: 'absent' };

export interface EnvelopeFiles {
  read(path: string): EnvelopeFileRead;
  /** As `smtpctl show queue` writes them; null where they cannot be read. */
  columns(path: string): string | null;
  exists(path: string): boolean;
}

/** The server writes and removes in one go: what is not whole after so many ms never will be. */
export const changingTime = 5_000;

export function createEnvelopeFiles(): EnvelopeFiles {
  const buffer = Buffer.allocUnsafe(largestEnvelope + 1);

  /** Unpacked, and valid until the next call. */
  function bytesOf(file: number): Uint8Array {
    const bytes = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? unpack(bytes) : bytes;
  }

  function readOpen(file: number): EnvelopeFileRead {
    const read = parseEnvelope(bytesOf(file));
    if (read.kind === 'envelope') return read;
    const stat = fstatSync(file);
    if (!stat.isFile()) return { kind: 'fault', problem: 'expected a file' };
    if (read.kind === 'encrypted') return { kind: 'fault', problem: encrypted };
    return Math.abs(Date.now() - stat.mtimeMs) < changingTime ? { kind: 'absent' } : read;
  }

  function open<T>(path: string, use: (file: number) => T, failed: (error: unknown) => T): T {
    let file: number;
    try {
      file = openSync(path, readOnly);
    } catch (error) {
      return failed(error);
    }
    try {
      return use(file);
    } catch (error) {
      return failed(error);
    } finally {
      closeSync(file);
    }
  }

  return {
    read: (path) => open(path, readOpen, failed),
    columns: (path) =>
      open(
        path,
        (file) => showQueueColumns(bytesOf(file)),
        () => null,
      ),
    exists: (path) => lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  };
}

const encrypted =
  'the queue is encrypted ("queue encryption" in smtpd.conf): only smtpd itself can read it';

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
  const code = errorCode(error);
  if (code === 'ENOENT') return { kind: 'absent' };
  if (code === 'ELOOP') return { kind: 'fault', problem: 'expected a file, found a symbolic link' };
  return { kind: 'fault', problem: errorText(error) };
}
