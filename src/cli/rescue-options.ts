/**
 * What `spillway rescue` was asked for.
 */
import type { Mta } from '../foreign/queue-entry.ts';
import type { Overrides } from './overrides.ts';

export interface RescueOptions extends Overrides {
  readonly mta?: Mta;
  readonly queue?: string;
  readonly root?: string;
  readonly stopped?: true;
  readonly cause?: readonly string[];
  readonly where?: string;
  readonly apply?: true;
  readonly hold?: true;
  readonly purge?: true;
  readonly watch?: true;
  readonly json?: true;
  readonly config?: string;
}
