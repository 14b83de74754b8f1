/** What is said about a recipient where a fault of ours left nothing to say. */
import { replies } from '../mail/reply.ts';
import type { LastWords } from './outcomes.ts';

export const noAnswer: LastWords = {
  reply: replies.internal,
  reason: 'internal-error',
  peer: null,
};
