/**
 * A message as the follower of a log knows it so far.
 */
import type { LogEvent } from '../../foreign/log-event.ts';

export type Refused = Extract<LogEvent, { kind: 'attempt' }>;

export class Message {
  /** IP address; null: this machine, or not known. Of a notice: of the message that it is about. */
  client: string | null = null;
  /** Number of the connection that it came over; null: over none, or not known. */
  connection: number | null = null;
  reversePath: string | null = null;
  /** One of its recipients. */
  forwardPath: string | null = null;
  bytes = 0;
  recipients = 0;
  /** How many is only known by their fates. */
  isCounted = true;
  /** When it came, or was written; ms since 1970. */
  at = 0;
  /** A line told from where it came, so that it is known to have come now. */
  hasOrigin = false;
  isTaken = false;
  /** What is still to be told of its coming. */
  untold: 'received' | 'notice' | null = null;
  /** Of a notice: the sender it was written to; null where that is not known, or nobody. */
  aboutSender: string | null = null;
  isNotice = false;
  /** It came back from a filter or from the server itself: nothing new came in. */
  isAgain = false;
  /** Of the last transmission. */
  lastAnswer: number | null = null;
  lastHop: string | null = null;
  hasFate = false;
  hasFailed = false;
  /** They wait for the line that names the sender. */
  refused: RefusedLine[] | null = null;
}

export interface RefusedLine {
  readonly at: number;
  readonly event: Refused;
  /** As far as other lines told it. */
  readonly client: string | null;
  /** As of the message; null: that of the message. */
  readonly connection: number | null;
}
