/**
 * Where mail goes by the smtpd.conf of the machine that the queue stands in.
 *
 * The spool's place is compiled into smtpd, so the machine's root is where the spool's path begins. A
 * copy of a queue that stands elsewhere has no configuration.
 */
import { readFileSync, statSync } from 'node:fs';
import { readSmtpdConfig, type SmtpdConfig } from '../../foreign/opensmtpd/config.ts';
import { routeOfEnvelope } from '../../foreign/opensmtpd/config-route.ts';
import type { SmtpdEnvelope } from '../../foreign/opensmtpd/envelope.ts';
import { smtpdConfigFiles } from '../../machine/opensmtpd.ts';
import { outside } from '../../machine/root.ts';
import type { NextHop } from '../../mail/envelope.ts';

export type RouteOf = (envelope: SmtpdEnvelope) => NextHop | null;

export const spoolFolder = '/var/spool/smtpd';

const largestFile = 10_000_000;

/** `spool` is the folder as it is called out here. */
export function readRoutes(spool: string): RouteOf {
  const root = spool.endsWith(spoolFolder) ? spool.slice(0, -spoolFolder.length) || '/' : null;
  const config = root === null ? null : readConfigIn(root);
  return (envelope) => routeOfEnvelope(envelope, config);
}

/** Null where there is none, or none that is understood. */
export function readConfigIn(root: string): SmtpdConfig | null {
  const fileOf = (path: string) => readInside(root, path);
  for (const path of smtpdConfigFiles) {
    const text = fileOf(path);
    if (text !== null) return readSmtpdConfig(text, fileOf);
  }
  return null;
}

/** A file of the machine, symbolic links followed inside of it; null where it cannot be read, or is none. */
export function readInside(root: string, path: string): string | null {
  const file = outside({ folder: root }, path);
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > largestFile) return null;
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}
