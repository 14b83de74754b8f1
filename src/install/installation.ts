/**
 * What can be done with the guard in one mail server's configuration: alike for every server.
 */
import type { Root } from '../machine/root.ts';
import type { Check } from '../verdict/verdict.ts';
import type { Report } from './report.ts';

export interface InstallOptions<Settings> {
  readonly root: Root;
  /** What is not given stays as it is installed, or is the default. */
  readonly settings: Partial<Settings>;
}

export interface Installation<Options> {
  /** Works the change out in full and writes nothing. */
  show(options: Options): Promise<Report>;
  apply(options: Options): Promise<Report>;
  /** Takes it out, to the byte. */
  remove(options: Options): Promise<Report>;
  /** Has the server itself tell what it makes of it. */
  prove(options: Options): Promise<Report>;
}

/** The guard's check that judges the notices of a server, which is told for what it is or as any mail to a recipient. */
export type NoticeCheck = Extract<Check, 'notice' | 'recipient'>;
