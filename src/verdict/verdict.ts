/**
 * The question, the verdict, and the receipt that every verdict leaves.
 *
 * All adapters (milter, socketmap, SMTP, delivery, rescue) ask these questions and obey these
 * verdicts; none of them holds a rule of its own.
 */
import type { Client, NextHop } from '../mail/envelope.ts';
import type { FailureMode } from '../mail/failure-mode.ts';
import type { Reply } from '../mail/reply.ts';
import type { LoopFacts } from './loop-facts.ts';
import type { NoticeOrigin } from './notice-origin.ts';
import type { Reason } from './reasons.ts';
import type { SenderProof } from './sender-proof.ts';

/** Questions that can be enforced, watched or off. */
export const checks = [
  'sender',
  'recipient',
  'mailbox',
  'notice',
  'loop',
  'dmarc',
  'flood',
] as const;
/** Which question was asked. */
export type Check = (typeof checks)[number];

export const actions = ['accept', 'refuse', 'defer', 'discard', 'quarantine'] as const;
export type Action = (typeof actions)[number];

/** Whether the mail is gone from where it was, so that only a receipt tells of it. */
export function takesAway(action: Action): boolean {
  return action === 'discard' || action === 'quarantine';
}

/** Which door the question came through. */
export type Adapter =
  | 'socketmap'
  | 'milter'
  | 'policy'
  | 'tcp'
  | 'readsocket'
  | 'filter'
  | 'smtp'
  | 'delivery'
  | 'rescue'
  | 'queue'
  | 'explain';

/** What is known of the conversation when the question is asked; all of it may end up in a receipt. */
export interface Circumstances {
  readonly adapter: Adapter;
  readonly client: Client | null;
  readonly reversePath: string | null;
  readonly forwardPath: string | null;
  /** The mail server's own name for the message, where it has one already. */
  readonly queueId: string | null;
  /** The client logged in, or is one of us; absent where the door does not tell. */
  readonly isTrusted?: boolean;
  /**
   * The SMTP connection: one object for all that is asked of it, and another for every other; it says nothing else.
   * Absent where the door does not tell one from another.
   */
  readonly connection?: object;
}

export type Question = Circumstances &
  (
    | { readonly check: 'sender'; readonly reversePath: string; readonly nextHop: NextHop | null }
    | {
        readonly check: 'recipient';
        readonly forwardPath: string;
        readonly nextHop: NextHop | null;
      }
    /** May a failure notice go to `forwardPath`? `origin` is there where we would write it ourselves. */
    | {
        readonly check: 'notice';
        readonly forwardPath: string;
        readonly nextHop: NextHop | null;
        readonly origin?: NoticeOrigin;
      }
    /** `size`: octets of the message, as far as they are known; absent where they are not. */
    | { readonly check: 'loop'; readonly facts: LoopFacts; readonly size?: number }
    /**
     * May this client send to this mailbox? `nextHop` is there where another server takes the mail and
     * asks us: what it makes of the address, null where it does not say.
     */
    | {
        readonly check: 'mailbox';
        readonly forwardPath: string;
        readonly mayRelay: boolean;
        readonly nextHop?: NextHop | null;
      }
    | { readonly check: 'dmarc'; readonly proof: SenderProof }
    /** Never asked by itself: the judge holds what it is asked against the floods that go on. */
    | { readonly check: 'flood' }
  );

export interface Verdict {
  readonly action: Action;
  /** What the client hears; null for accept and discard. */
  readonly reply: Reply | null;
  readonly reason: Reason;
  /** The domain that was judged; absent where there was none. */
  readonly domain?: string;
  /** The way to the verdict in sentences for the admin; may hold text of strangers, unescaped. */
  readonly steps: readonly string[];
}

/** How a check is run: obeyed, only recorded, or not asked. */
export const modes = ['enforce', 'watch', 'off'] as const;
export type Mode = (typeof modes)[number];

export interface CheckSetting {
  readonly mode: Mode;
  readonly onFailure: FailureMode;
}

/** One record of the journal: a refusal, deferral or discard, or the sum of many alike. */
export interface Receipt {
  /** First and last of what is summed here, in ms since 1970. */
  readonly from: number;
  readonly until: number;
  /** How many verdicts it stands for; 1 for a discard, unless so many wait that they had to be summed. */
  readonly count: number;
  readonly adapter: Adapter;
  readonly check: Check;
  /** What the verdict says... */
  readonly action: Exclude<Action, 'accept'>;
  /** ...and whether it was obeyed (`enforce`) or only recorded (`watch`). */
  readonly enforced: boolean;
  readonly reason: Reason;
  readonly reply: Reply | null;
  /** Domain that was judged; null where there was none. */
  readonly domain: string | null;
  readonly client: Client | null;
  readonly reversePath: string | null;
  /** Of the first, where several are summed. */
  readonly forwardPath: string | null;
  readonly queueId: string | null;
  readonly steps: readonly string[];
}
