/**
 * The secret that signs the marks of messages that were here (server/smtp/hop-stamp.ts): made once,
 * kept in the folder of the store.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../mail/error-code.ts';
import { CommandError } from './exit.ts';

const length = 32;

/** Throws CommandError where there is none and none can be kept. */
export function readHopSecret(folder: string): Uint8Array {
  const file = join(folder, 'hop-secret');
  try {
    return read(file) ?? make(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot keep a secret in ${file}: ${why}`, undefined, error);
  }
}

function read(file: string): Uint8Array | null {
  try {
    const found = readFileSync(file);
    if (found.length === length) return found;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  throw new Error(`it is not ${length} octets long; take it away, and a new one is made`);
}

/** Never half of it under that name, and never two different ones. */
function make(file: string): Uint8Array {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, randomBytes(length), { mode: 0o600, flush: true });
  try {
    linkSync(fresh, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    unlinkSync(fresh);
  }
  return readFileSync(file);
}
