/**
 * What a line in the log of a mail server says: the same few events, whichever server wrote it.
 *
 * `id` is the server's own name for a message, which may come again for another one later. Nothing in a
 * line is believed beyond its own message: addresses and replies are written by strangers.
 */
import type { FateOutcome } from './log-outcome.ts';

export type LogEvent =
  | {
      readonly kind: 'origin';
      readonly id: string;
      /** IP address; null: handed in on this machine. */
      readonly client: string | null;
      readonly connection: ConnectionNumber | null;
      /** It went to a filter under this name, and came back. */
      readonly before: string | null;
    }
  | {
      /** A connection, by its own name, which messages name later. */
      readonly kind: 'session';
      readonly id: string;
      /** As in `origin`. */
      readonly client: string | null;
      /** Of an outgoing one, not 25: it leads to a filter. */
      readonly isInner: boolean;
    }
  /** A connection begins under a number that an earlier one may have had. */
  | { readonly kind: 'connect'; readonly id: null; readonly connection: ConnectionNumber }
  | {
      readonly kind: 'taken';
      readonly id: string;
      /** As in `origin`; undefined: another line tells it. */
      readonly client: string | null | undefined;
      readonly connection: ConnectionNumber | null;
      /** Name of a session, whose client it is of. */
      readonly session: string | null;
      /** Null: another line tells it. */
      readonly reversePath: string | null;
      readonly bytes: number;
      /** 0: nothing came of it. Null: not told, so many as have a fate. */
      readonly recipients: number | null;
      /** It is a notice of the server's own, about that message. */
      readonly about: string | null;
    }
  | {
      readonly kind: 'envelope';
      readonly id: string;
      readonly session: string;
      readonly reversePath: string;
      readonly forwardPath: string;
    }
  | {
      readonly kind: 'fate';
      readonly id: string;
      /** Empty: of all that were left. */
      readonly forwardPaths: readonly string[];
      readonly outcome: FateOutcome;
      /** Host, or mailer where there is none. */
      readonly nextHop: string | null;
      /** IP address of the host, where it took the mail. */
      readonly peer: string | null;
      /** It only went to another part of this server: a filter, a forwarding, its own daemon. */
      readonly isInner: boolean;
      /** Name of a connection that tells whether it is `isInner`. */
      readonly session: string | null;
      /**
       * Hash of what the next hop said, the same for all recipients of one transmission; null: `isMore` tells.
       */
      readonly answer: number | null;
      /** Another recipient of the transmission that the line before told of. */
      readonly isMore: boolean;
      /** The name that the next hop gave the message, where it is one of the four servers. */
      readonly child: string | null;
    }
  /** The server wrote `child` about the message `id`. */
  | { readonly kind: 'notice'; readonly id: string; readonly child: string }
  | {
      /** A recipient, or all of a sender where it is null, was turned away at the door. */
      readonly kind: 'attempt';
      /** Null: nothing else is told about this message. */
      readonly id: string | null;
      readonly client: string | null;
      readonly connection: ConnectionNumber | null;
      /** A session, as in `taken`. */
      readonly session: string | null;
      /** Null: another line may tell it. */
      readonly reversePath: string | null;
      readonly forwardPath: string | null;
      readonly outcome: 'unknown' | 'refused' | 'deferred';
    }
  /** Nothing more comes of this message, or connection. */
  | { readonly kind: 'end'; readonly id: string };

/**
 * What tells a connection from the others of its server: a whole number from 0 to 2 ** 32. Where none tells of it, it
 * came over none, or another line of its message may tell it.
 */
export type ConnectionNumber = number;

/** Null: the line has nothing for us. */
export type LogReading = LogEvent | Unreadable | null;

/** It begins like a line that matters and goes on in a way that no server writes. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly problem: string;
}

export function unreadable(problem: string): Unreadable {
  return { kind: 'unreadable', problem };
}
