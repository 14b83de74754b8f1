/**
 * Harvesters, who try which recipients exist, pay with time or are sent away; mail that is wanted
 * rarely names who is not here.
 */
import { setTimeout as after } from 'node:timers/promises';
import { replies } from '../../mail/reply.ts';
import type { Answer } from '../../wire/smtp/session.ts';
import { refuse } from './answers.ts';
import type { Desk } from './services.ts';
import type { Visitor } from './visitor.ts';

/** One for each session. */
export class HarvestBrake {
  /** Recipients of this session that do not exist. */
  unknown = 0;
  private readonly desk: Desk;

  constructor(desk: Desk) {
    this.desk = desk;
  }

  /** The answer to RCPT, as it is or late or another one. `now`: ms since 1970. */
  slow(answer: Answer, { key, isSpared }: Visitor, now: number): Answer | Promise<Answer> {
    if (answer.kind !== 'refused' || answer.reply !== replies.mailboxUnknown) return answer;
    this.unknown++;
    if (isSpared) return answer;
    const { crowd, services } = this.desk;
    const { unknownPerSession, unknownPerClient, slowReply } = services.limits;
    if (this.unknown > unknownPerSession) return refuse(replies.tooManyUnknown, true);
    if (crowd.addUnknown(key, now) <= unknownPerClient) return answer;
    return after(slowReply, answer);
  }
}
