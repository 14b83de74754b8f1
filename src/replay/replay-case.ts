/**
 * A case that can be replayed: which messages come, in which order, and what really happened, so that
 * whoever claims to recognise it can be scored.
 */
import type { IncidentCause } from '../verdict/flood/incident.ts';
import type { Share } from './mix.ts';
import type { Random } from './random.ts';

export interface ReplaySizes {
  /** Messages of the case itself: spam, mostly... */
  readonly messages: number;
  /** ...with so many invented recipients each. */
  readonly recipients: number;
  readonly wanted: number;
  readonly misaddressed: number;
  /** One message more for each oddity of DNS in incident-zone.ts. */
  readonly variants: boolean;
}

/** What should be recognised: once, with this cause and subject. */
export interface Truth {
  /** Null: nothing that anybody need be told of. */
  readonly cause: IncidentCause | null;
  /** As an incident has it; null where there is none. */
  readonly subject: string | null;
}

export interface ReplayCase {
  /** For people, after "plays ". */
  readonly title: string;
  /** The messages, not mixed yet; the same seed and sizes give the same. */
  readonly shares: (random: Random, sizes: ReplaySizes) => readonly Share[];
  readonly truth: Truth;
}
