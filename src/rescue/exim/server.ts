/**
 * Exim on a machine: its spool, its routers, its hand.
 */
import { getuid } from 'node:process';
import { eximOptionOf, eximVersionOf, findEximProgram, isEximRunning } from '../../machine/exim.ts';
import { outside, type Root } from '../../machine/root.ts';
import { isFolder } from '../disk.ts';
import type { MailServer } from '../mail-server.ts';
import { createEximHand } from './hand.ts';
import { askNextHops } from './next-hops.ts';

/** Debian's, and the one that Exim is built with elsewhere. */
const usualSpools = ['/var/spool/exim4', '/var/spool/exim'];

/** At most one. What has a spool and no program is found too, so that it can be read. */
export async function findExim(root: Root): Promise<readonly MailServer[]> {
  const program = await findEximProgram(root);
  const version = program && (await eximVersionOf(program));
  const told = program && (await eximOptionOf(program, 'spool_directory'));
  const spool = await firstSpool(root, told === null ? usualSpools : [told]);
  if (spool === null) return [];
  const folder = outside(root, spool);
  const source = { mta: 'exim', folders: [folder] } as const;
  const canRun = program !== null && version !== null;
  const whyNoHand = !canRun
    ? 'its program cannot be run'
    : getuid?.() !== 0
      ? 'only root may change its queue'
      : null;
  return [
    {
      title: version === null ? 'Exim' : `Exim ${version}`,
      source,
      queue: spool,
      isRunning: async () => program !== null && (await isEximRunning(program, spool)),
      nextHops: async (addresses) =>
        canRun ? await askNextHops(program, addresses) : new Map<string, never>(),
      hand: canRun && whyNoHand === null ? createEximHand(program, folder) : null,
      whyNoHand,
    },
  ];
}

async function firstSpool(root: Root, paths: readonly string[]): Promise<string | null> {
  for (const path of paths)
    if (path.startsWith('/') && (await isFolder(outside(root, `${path}/input`)))) return path;
  return null;
}
