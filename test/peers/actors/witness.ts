/**
 * A guard that answers what the test wants and remembers what it was asked, on sendmail's own network.
 */
import { replies } from '../../../src/mail/reply.ts';
import type { Listener } from '../../../src/server/listener.ts';
import { serveSocketmap } from '../../../src/server/socketmap.ts';
import type { Question, Verdict } from '../../../src/verdict/verdict.ts';

/** Host of the next hop -> what becomes of mail that goes there; all else is accepted. */
export type Answers = Readonly<Record<string, 'discard' | 'refuse' | 'defer'>>;

const endpoint = { host: '127.0.0.1', port: 9997 } as const;

export async function start(_options: null) {
  let answers: Answers = {};
  let asked: Question[] = [];
  let listener: Listener | null = null;
  const judge = {
    ask(question: Question): Verdict {
      asked.push(question);
      const host = 'nextHop' in question ? (question.nextHop?.host ?? '') : '';
      const action = answers[host] ?? 'accept';
      const reply = action === 'refuse' ? replies.recipientBlackhole : null;
      return { action, reply, reason: action === 'accept' ? 'deliverable' : 'loopback', steps: [] };
    },
  };
  const open = async () => {
    listener ??= await serveSocketmap(judge, endpoint);
  };
  await open();
  return {
    open,
    /** As in a crash: connections are cut. */
    async close() {
      await listener?.close(0);
      listener = null;
    },
    setAnswers(wanted: Answers) {
      answers = wanted;
    },
    /** Since the last time. */
    asked(): Question[] {
      const all = asked;
      asked = [];
      return all;
    },
  };
}
