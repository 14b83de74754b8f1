/**
 * One way to run a server: alone, or with somebody beside it who is asked about each message.
 */
import type { Machine } from '../../test/peers/machine.ts';
import type { PeerName } from '../../test/peers/peers.ts';
import type { ServerName } from '../../test/peers/recipes.ts';

export type GuardedName = Extract<PeerName, 'postfix' | 'exim' | 'sendmail' | 'opensmtpd'>;

/** Who is asked; ends when it is disposed of. */
export type Companion = AsyncDisposable;

export interface Variant {
  /** For people. */
  readonly name: string;
  /** Where the server's own root has not all that is needed. */
  readonly root?: ServerName;
  /** Changes the configuration of a server that is not started yet. */
  readonly prepare?: (machine: Machine) => Promise<void>;
  /** Resolves when it may be asked. */
  readonly companion?: (machine: Machine) => Promise<Companion>;
  /** Command lines of the server's children whose CPU counts as the companion's. */
  readonly children?: RegExp;
}
