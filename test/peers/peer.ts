/**
 * What the tests and the benchmarks want of a mail server, whichever it is.
 */
import { writeFile } from 'node:fs/promises';
import type { Machine, MachineOptions } from './machine.ts';
import { run } from './place.ts';

export interface PeerOptions extends MachineOptions {
  /** Domain -> address of the server that takes its mail; relayed for everybody, whatever the recipient. */
  readonly relay?: Readonly<Record<string, string>>;
  /** Networks whose mail is taken for every domain, and sent on by MX. */
  readonly clients?: readonly string[];
  /** Of the domains under `relay`, the only recipients that exist; null: all do. */
  readonly recipients?: readonly string[] | null;
  /** PEM, for STARTTLS. Outgoing TLS is used where it is offered, and nothing is verified. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** What is taken stays in the queue until somebody asks for it. */
  readonly queueOnly?: boolean;
}

export interface Peer extends AsyncDisposable {
  /** For people. */
  readonly title: string;
  readonly machine: Machine;
  /** Resolves when it listens. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Messages in its queue. */
  queued(): Promise<number>;
}

/** Octets of the largest message that every peer is set up to take. */
export const largestMessage = 100_000_000;

/** Where the certificate is inside. */
export const certificateFiles = { cert: '/etc/tls-test.crt', key: '/etc/tls-test.key' } as const;

/** `owner`: who reads the key; most servers refuse one that anybody else can read. */
export async function placeCertificate(
  { path, place }: Machine,
  { certificate }: PeerOptions,
  owner = 'root',
): Promise<void> {
  if (!certificate) return;
  await writeFile(path(certificateFiles.cert), certificate.cert);
  await writeFile(path(certificateFiles.key), certificate.key, { mode: 0o600 });
  await run(place, ['chown', owner, certificateFiles.key]);
}
