/**
 * What is known of a message as observations: that it came, that it is a notice, what was refused of it, and what
 * became of it. A client on this machine is nobody.
 */
import type { LogEvent } from '../../foreign/log-event.ts';
import type { FateOutcome } from '../../foreign/log-outcome.ts';
import { isLoopbackText } from '../../foreign/log-path.ts';
import type { Observation } from '../../verdict/flood/observation.ts';
import type { Message, RefusedLine } from './message.ts';

export type Fate = Extract<LogEvent, { kind: 'fate' }>;

const toNobodyKnown = [null] as const;

export class MessageTeller {
  private readonly yield: (observation: Observation) => void;

  constructor(yieldObservation: (observation: Observation) => void) {
    this.yield = yieldObservation;
  }

  /** All that is still to be told of it before its fates: nothing more is known later. */
  tellAll(message: Message): void {
    this.tellComing(message);
    this.tellRefused(message);
  }

  /** What came in, or that a notice was written: once. */
  tellComing(message: Message): void {
    const { untold, at, bytes, forwardPath, connection } = message;
    if (untold === null) return;
    const recipients = Math.max(1, message.recipients);
    message.untold = null;
    const client = outerClient(message.client);
    if (untold === 'received') {
      const { reversePath } = message;
      const from = { at, client, connection, reversePath };
      this.yield({ kind: 'received', ...from, forwardPath, bytes, recipients });
    } else {
      const reversePath = message.aboutSender;
      this.yield({ kind: 'notice', at, client, reversePath, forwardPath, bytes });
    }
  }

  /** The refusals that waited for its sender. */
  tellRefused(message: Message): void {
    const { refused, reversePath } = message;
    if (!refused) return;
    message.refused = null;
    for (const line of refused) this.tellAttempt(line, message, reversePath);
  }

  /** A recipient that was refused. `message`: the one it was a recipient of, as far as that is known. */
  tellAttempt(
    { at, event, client, connection }: RefusedLine,
    message: Message | undefined,
    reversePath: string | null,
  ): void {
    const { forwardPath, outcome } = event;
    this.yield({
      kind: 'attempt',
      at,
      client: outerClient(client ?? message?.client ?? null),
      connection: connection ?? message?.connection ?? null,
      reversePath,
      forwardPath,
      outcome,
    });
  }

  /** What became of recipients. The bytes of a transmission count once, however many they are. */
  tellFate(
    at: number,
    message: Message,
    { forwardPaths, nextHop }: Fate,
    outcome: FateOutcome,
    transmitted: number,
  ): void {
    const { reversePath } = message;
    let bytes = transmitted;
    for (const forwardPath of forwardPaths.length === 0 ? toNobodyKnown : forwardPaths) {
      const client = outerClient(message.client);
      this.yield({ kind: 'fate', at, client, reversePath, forwardPath, outcome, bytes, nextHop });
      bytes = 0;
    }
  }
}

function outerClient(client: string | null): string | null {
  return client !== null && isLoopbackText(client) ? null : client;
}
