/**
 * Plays a dialog with a server: one without sockets, or a live one.
 */
import assert from 'node:assert/strict';
import type { Action, Dialog } from './dialog.ts';

export interface Partner extends AsyncDisposable {
  send(bytes: Buffer): void;
  /** The next line of a reply, without CRLF; null where the connection is closed. */
  line(): Promise<string | null>;
  act(action: Exclude<Action, 'closed'>): Promise<void>;
}

/** Rejects with the place in the file where the server said something else. */
export async function play(dialog: Dialog, partner: Partner): Promise<void> {
  let said: string | null = null;
  for (const turn of dialog.turns) {
    const place = `${dialog.name}.txt:${turn.line}`;
    if (turn.kind === 'client') partner.send(turn.bytes);
    else if (turn.kind === 'action') {
      if (turn.action === 'closed') assert.equal(await partner.line(), null, place);
      else await partner.act(turn.action);
    } else if (turn.pattern === null) {
      while (said?.[3] === '-') said = await partner.line();
      assert.notEqual(said, null, place);
    } else {
      said = await partner.line();
      const wanted = `${place}: ${turn.pattern}\ngot: ${said}`;
      assert.ok(said !== null && isLike(said, turn.pattern), wanted);
    }
  }
}

function isLike(text: string, pattern: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`).test(text);
}
