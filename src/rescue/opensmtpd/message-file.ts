/**
 * The message that the envelopes of a folder share: its size, and the beginning of a notice.
 *
 * What was found of the last one is kept, since its envelopes come one after the other.
 */
import { closeSync, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { noticePrefix } from '../../foreign/notice-report.ts';
import { errorCode } from '../../mail/error-code.ts';
import { errorText } from '../../mail/error-text.ts';
import { readOnly } from '../disk.ts';

export interface Message {
  /** Octets, as they lie on the disk. */
  readonly size: number;
  /** Header and body as far as they are needed, valid until the next look; null where not asked for. */
  readonly prefix: Uint8Array | null;
}

export interface MessageFiles {
  /** Null where there is none. */
  look(path: string, withPrefix: boolean): Message | { readonly problem: string } | null;
}

/** Of a compressed message: deflate packs at most 1,032 octets into one, so this bounds what comes out. */
const packedPrefix = 16_384;
const mostUnpacked = packedPrefix * 1032;

export function createMessageFiles(): MessageFiles {
  const buffer = Buffer.allocUnsafe(noticePrefix);
  let last: { path: string; withPrefix: boolean; found: ReturnType<MessageFiles['look']> } | null =
    null;

  function look(path: string, withPrefix: boolean): ReturnType<MessageFiles['look']> {
    try {
      if (withPrefix) return readMessage(path);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      return stat ? { size: sizeOf(stat), prefix: null } : null;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT') return null;
      return { problem: errorText(error) };
    }
  }

  function readMessage(path: string): Message {
    const file = openSync(path, readOnly);
    try {
      const stat = fstatSync(file);
      const size = sizeOf(stat);
      const bytes = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
      const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
      return { size, prefix: isPacked ? unpackBeginning(bytes) : bytes };
    } finally {
      closeSync(file);
    }
  }

  return {
    look(path, withPrefix) {
      if (last?.path !== path || (withPrefix && !last.withPrefix))
        last = { path, withPrefix, found: look(path, withPrefix) };
      return last.found;
    },
  };
}

function sizeOf(stat: Stats): number {
  if (!stat.isFile()) throw new Error('expected a file');
  return stat.size;
}

function unpackBeginning(bytes: Uint8Array): Uint8Array {
  try {
    const unpacked = gunzipSync(bytes.subarray(0, packedPrefix), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: mostUnpacked,
    });
    return unpacked.subarray(0, noticePrefix);
  } catch {
    return new Uint8Array();
  }
}
