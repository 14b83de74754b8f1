/**
 * The policy listener: what Postfix's smtpd asks by check_policy_service, answered by the judge.
 *
 * Requests of one connection are answered in order. A request that makes no sense gets no answer and
 * the connection is closed, as the protocol wants it: Postfix then does what its own configuration
 * says for a policy server in trouble.
 */
import type { Socket } from 'node:net';
import type { Judge } from '../judge/judge.ts';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import { replies } from '../mail/reply.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { dunno, formatAction, recipientAction, senderAction } from '../wire/policy/actions.ts';
import { questionsOf } from '../wire/policy/questions.ts';
import {
  type Attributes,
  createRequestReader,
  type RequestEvent,
} from '../wire/policy/requests.ts';
import { type Finish, type Listener, type ListenOptions, listen } from './listener.ts';
import { silentLog } from './log.ts';

export type PolicyOptions = Omit<ListenOptions, 'onBusy' | 'allowHalfOpen'>;

export function servePolicy(
  judge: Judge,
  endpoint: Endpoint,
  options: PolicyOptions = {},
): Promise<Listener> {
  const log = options.log ?? silentLog;
  let toldProblem = false;
  const onProblem = (problem: string): void => {
    if (!toldProblem)
      log.warn(
        { endpoint: formatEndpoint(endpoint), problem },
        'a policy request that makes no sense, connection closed; others are not told',
      );
    toldProblem = true;
  };
  return listen(endpoint, (socket) => converse(judge, socket, onProblem), options);
}

/** Requests of one connection that may wait before we stop reading. */
const maxWaiting = 64;

function converse(judge: Judge, socket: Socket, onProblem: (problem: string) => void): Finish {
  const reader = createRequestReader();
  const waiting: RequestEvent[] = [];
  const answer = createAnswerer(judge);
  let isBusy = false;
  let isFinishing = false;

  async function work(): Promise<void> {
    isBusy = true;
    for (let event = waiting.shift(); event; event = waiting.shift()) {
      const action = event.kind === 'request' ? await answer(event.attributes) : null;
      if (socket.destroyed) return;
      if (action === null) {
        onProblem(event.kind === 'fault' ? event.problem : 'not an smtpd_access_policy request');
        socket.destroy();
        return;
      }
      socket.write(formatAction(action));
      resume();
    }
    isBusy = false;
    if (isFinishing) socket.end();
  }

  function resume(): void {
    if (waiting.length >= maxWaiting || socket.writableNeedDrain) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  socket.on('drain', resume);
  socket.on('data', (chunk: Buffer) => {
    waiting.push(...reader.push(chunk));
    resume();
    if (!isBusy) void work();
  });
  return () => {
    isFinishing = true;
    if (!isBusy) socket.end();
  };
}

/** The action for a request; null where it is none of ours. Neither throws nor rejects. */
function createAnswerer(judge: Judge): (attributes: Attributes) => Promise<string | null> {
  /** The sender is judged once for each message, however many recipients it has. */
  let judged: { instance: string; reversePath: string | null; verdict: Verdict } | null = null;

  return async (attributes) => {
    const questions = questionsOf(attributes);
    if (!questions) return null;
    const { instance, sender, recipient } = questions;
    try {
      if (sender) {
        const isKnown = judged?.instance === instance && judged.reversePath === sender.reversePath;
        const verdict = judged && isKnown ? judged.verdict : await judge.ask(sender);
        judged = instance === null ? null : { instance, reversePath: sender.reversePath, verdict };
        if (verdict.action !== 'accept') return senderAction(verdict);
      }
      return recipient ? recipientAction(await judge.ask(recipient)) : dunno;
    } catch {
      // The judge neither throws nor rejects; this is for the day when it has a bug.
      const steps = ['the judge failed'];
      return recipientAction({
        action: 'defer',
        reply: replies.internal,
        reason: 'internal-error',
        steps,
      });
    }
  };
}
