/**
 * The file of one envelope.
 */
import { lstatSync } from 'node:fs';
import {
  largestEnvelope,
  parseEnvelope,
  type SmtpdEnvelope,
  showQueueColumns,
} from '../../foreign/opensmtpd/envelope.ts';
import type { FileTexts } from '../file-text.ts';
import { unpacked } from './unpack.ts';

export type EnvelopeFileRead =
  | { readonly kind: 'envelope'; readonly envelope: SmtpdEnvelope }
  | { readonly kind: 'unreadable'; readonly problem: string }
  /** Gone by now, or just being written. */
  | { readonly kind: 'absent' };

/** The server writes and removes in one go: what is not whole after so many ms never will be. */
export const changingTime = 5_000;

export function readEnvelopeFile(files: FileTexts, path: string): EnvelopeFileRead {
  const file = files.read(path, largestEnvelope + 1);
  if (file.kind !== 'text') return file;
  const read = parseEnvelope(unpacked(file.text, largestEnvelope));
  if (read.kind === 'envelope') return read;
  if (read.kind === 'encrypted') return { kind: 'unreadable', problem: encrypted };
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) return { kind: 'unreadable', problem: 'expected a file' };
  const isChanging = !stat || Math.abs(Date.now() - stat.mtimeMs) < changingTime;
  return isChanging ? { kind: 'absent' } : { kind: 'unreadable', problem: read.problem };
}

/** As `smtpctl show queue` writes them; null where they cannot be read. */
export function readColumns(files: FileTexts, path: string): string | null {
  const file = files.read(path, largestEnvelope + 1);
  return file.kind === 'text' ? showQueueColumns(unpacked(file.text, largestEnvelope)) : null;
}

export function isEnvelopeFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

const encrypted =
  'the queue is encrypted ("queue encryption" in smtpd.conf): only smtpd itself can read it';
