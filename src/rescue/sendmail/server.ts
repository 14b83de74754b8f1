/**
 * sendmail as the rescue meets it: its daemon, its queues, those of its submission program included.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { queuePaths } from '../../foreign/sendmail/queue-paths.ts';
import { firstFile, outside, type Root } from '../../machine/root.ts';
import {
  cfPlaces,
  findSendmail as findProgram,
  isDaemonRunning,
  meetSendmail,
  submitCfPlaces,
} from '../../machine/sendmail.ts';
import type { MailServer } from '../mail-server.ts';
import { openHand, whyNoHand } from './hand.ts';
import { askNextHops } from './next-hops.ts';

/** One, or none where the program of that name is another server's. */
export async function findSendmail(root: Root): Promise<readonly MailServer[]> {
  const path = await findProgram(root);
  const cf = await firstFile(root, cfPlaces);
  if (path === null || cf === null) return [];
  const met = await meetSendmail(root, path);
  if (met.kind === 'fault') return [];
  const submitCf = await firstFile(root, submitCfPlaces);
  const paths: string[] = [];
  for (const file of [cf, submitCf])
    if (file !== null) paths.push(...queuePaths(await readFile(outside(root, file), 'latin1')));
  const folders = await foldersOf(root, paths);
  if (folders.length === 0) return [];
  const why = await whyNoHand();
  return [
    {
      title: `sendmail ${met.value.version}`,
      source: { mta: 'sendmail', folders },
      queue: topOf(paths[0] ?? ''),
      isRunning: () => isDaemonRunning(root),
      nextHops: (addresses) => askNextHops(root, path, addresses),
      hand: why === null ? openHand(folders) : null,
      whyNoHand: why,
    },
  ];
}

/** The folder above those that a wildcard stands for. */
function topOf(path: string): string {
  return path.endsWith('*') ? dirname(path) : path;
}

/** Wildcards become the folders that are there; what is not there is left out. */
async function foldersOf(root: Root, paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (!path.endsWith('*')) {
      found.push(outside(root, path));
      continue;
    }
    const parent = outside(root, dirname(path));
    const start = basename(path).slice(0, -1);
    const names = await readdir(parent).catch(() => []);
    for (const name of names.toSorted()) if (name.startsWith(start)) found.push(join(parent, name));
  }
  const folders: string[] = [];
  for (const path of new Set(found)) {
    const is = await stat(path).catch(() => null);
    if (is?.isDirectory()) folders.push(path);
  }
  return folders;
}
