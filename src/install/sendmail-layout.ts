/**
 * Where a machine keeps sendmail's configuration, and how sendmail.cf is made there.
 */
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { firstFile, isFile, type Root, readText } from '../machine/root.ts';
import { cfPlaces, type Found, findPidFile } from '../machine/sendmail.ts';

export type Layout =
  | {
      /** sendmail.cf is made of sendmail.mc; `build` reads that from standard input. */
      readonly kind: 'mc';
      readonly mc: string;
      readonly cf: string;
      readonly build: readonly string[];
    }
  | { readonly kind: 'cf'; readonly cf: string };

/** sendmail's own m4 files: Debian and FreeBSD, Red Hat, FreeBSD's sources. */
const m4Places = [
  '/usr/share/sendmail/cf',
  '/usr/share/sendmail-cf',
  '/usr/src/contrib/sendmail/cf',
  '/usr/local/share/sendmail/cf',
];

/** A source that somebody may make sendmail.cf of, in the same folder; null without one. */
export async function sourceBeside(root: Root, cf: string): Promise<string | null> {
  return await firstFile(root, [`${dirname(cf)}/sendmail.mc`]);
}

export async function findLayout(
  root: Root,
  named: { readonly mc?: string; readonly cf?: string },
): Promise<Found<Layout>> {
  for (const path of [named.mc, named.cf])
    if (path !== undefined && !(await isFile(root, path))) return fault(`there is no ${path}`);
  const cf = named.cf ?? (await firstFile(root, cfPlaces));
  if (cf === null) return fault(`no sendmail.cf in ${cfPlaces.join(', ')}; name it with --cf`);
  if (named.cf !== undefined && named.mc === undefined)
    return { kind: 'found', value: { kind: 'cf', cf } };
  const folder = dirname(cf);
  const mc =
    named.mc ??
    (await firstFile(root, [
      `${folder}/sendmail.mc`,
      '/etc/mail/sendmail.mc',
      `${folder}/${hostname()}.mc`,
      `${folder}/freebsd.mc`,
    ]));
  if (mc === null) return { kind: 'found', value: { kind: 'cf', cf } };
  const text = await readText(root, mc);
  if (typeof text !== 'string') return fault(text.problem);
  const build = await findBuild(root, text);
  if (build === null)
    return fault(
      `${mc} does not say where sendmail's m4 files are, and they are not in ${m4Places.join(', ')}; install them, or change ${cf} itself with --cf ${cf}`,
    );
  return { kind: 'found', value: { kind: 'mc', mc, cf, build } };
}

/** Most files include cf.m4 themselves; FreeBSD's have it put before them. */
async function findBuild(root: Root, text: string): Promise<readonly string[] | null> {
  if (/^\s*include\(`?[^)']*cf\.m4/m.test(text)) return ['m4', '-'];
  for (const place of m4Places)
    if (await isFile(root, `${place}/m4/cf.m4`))
      return ['m4', `-D_CF_DIR_=${place}/`, `${place}/m4/cf.m4`, '-'];
  return null;
}

/** How the admin restarts it. */
export async function restartCommand(root: Root): Promise<string> {
  const unit = await firstFile(root, [
    '/etc/systemd/system/sendmail.service',
    '/lib/systemd/system/sendmail.service',
    '/usr/lib/systemd/system/sendmail.service',
  ]);
  if (unit !== null) return 'systemctl restart sendmail';
  const script = await firstFile(root, ['/etc/init.d/sendmail', '/etc/rc.d/sendmail']);
  if (script !== null) return 'service sendmail restart';
  return `kill -HUP $(head -n 1 ${(await findPidFile(root)) ?? '/var/run/sendmail.pid'})`;
}

function fault(problem: string): Found<never> {
  return { kind: 'fault', problem };
}
