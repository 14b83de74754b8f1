/**
 * Spillway itself, as an admin would run it: beside the mail server, in the same machine.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import type { Mta } from '../../src/foreign/queue-entry.ts';
import type { FailureMode } from '../../src/mail/failure-mode.ts';
import type { StoredReceipt } from '../../src/store/journal-store.ts';
import type { Check, Mode } from '../../src/verdict/verdict.ts';
import { type Machine, projectInside } from './machine.ts';
import { addresses, publicNetworks } from './network.ts';
import { run } from './place.ts';
import { type Program, startProgram } from './process.ts';

export interface Guard extends Program {
  /** What `spillway journal` tells, oldest first. */
  journal(): Promise<StoredReceipt[]>;
}

const spillway = `${projectInside}/bin/spillway`;
const folder = '/etc/spillway';

/**
 * Checks that are not named are enforced, as by default. `more`: whole tables of spillway.toml, `smtp`
 * and `verdict`: lines of those tables.
 */
export async function startGuard(
  machine: Machine,
  modes: Partial<Record<Check, Mode>> = {},
  more = '',
  smtp = 'listen = []',
  verdict = '',
): Promise<Guard> {
  await mkdir(machine.path(folder), { recursive: true });
  await writeFile(
    machine.path(`${folder}/spillway.toml`),
    `${formatConfig(modes, smtp, verdict)}${more}`,
  );
  const program = await startProgram(machine.place, [spillway, 'run'], /on guard/);
  return {
    ...program,
    async journal() {
      const text = await run(machine.place, [spillway, 'journal', '--json']);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line): StoredReceipt => JSON.parse(line));
    },
  };
}

/** Writes the guard into the server's configuration; a server that runs must be started again. */
export async function installGuard(
  machine: Machine,
  onFailure: FailureMode = 'open',
  server: Mta = 'sendmail',
): Promise<void> {
  const command = [spillway, 'install', server, '--apply', '--on-failure', onFailure];
  await run(machine.place, command);
}

function formatConfig(modes: Partial<Record<Check, Mode>>, smtp: string, verdict: string): string {
  const checks = Object.entries(modes).map(
    ([check, mode]) => `[checks.${check}]\nmode = "${mode}"\n`,
  );
  return `
[dns]
servers = ["${addresses.dns.v4}"]
[verdict]
public = ${JSON.stringify(publicNetworks)}
${verdict}
[smtp]
${smtp}
[store]
url = "sqlite:/var/lib/spillway"
${checks.join('')}`;
}
