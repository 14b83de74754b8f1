/**
 * What a process that was killed had promised, and what of it a queue must hold.
 */
import assert from 'node:assert/strict';
import type { QueueStore } from '../../src/store/queue-store.ts';
import { contentOf } from '../store/queue-suite.ts';
import { knownMessage } from './known-message.ts';

interface Settling {
  readonly id: number;
  readonly notice: number | null;
}

export class Promises {
  /** Have to be there, each once. */
  readonly there = new Set<number>();
  /** Have to be gone. */
  readonly gone = new Set<number>();
  private readonly settling = new Map<number, Settling>();

  /** A line of use-until-killed.ts; false where it is another. */
  hear(line: string): boolean {
    const [kind, id, notice] = line.split(' ', 3).map((part, at) => (at > 0 ? Number(part) : part));
    if (typeof id !== 'number') return false;
    const settling = { id, notice: typeof notice === 'number' && notice > 0 ? notice : null };
    if (kind === '+') this.there.add(id);
    if (kind === '?') this.settling.set(id, settling);
    if (kind === '-') this.end(settling, true);
    return true;
  }

  private end({ id, notice }: Settling, isDone: boolean): void {
    this.settling.delete(id);
    if (!isDone) return;
    this.there.delete(id);
    this.gone.add(id);
    if (notice !== null) this.there.add(notice);
  }

  /** Fails where the store broke one; takes over what it holds. Resolves to the number of messages. */
  async check(store: QueueStore): Promise<number> {
    const found = new Set<number>();
    for await (const {
      id,
      kind,
      recipients,
      isClaimed: _,
      state,
      keptUntil: __,
      ...message
    } of store.list({})) {
      assert.ok(!found.has(id), `${id} is there twice`);
      found.add(id);
      const known = knownMessage(id, kind);
      assert.deepEqual({ id, kind, ...message }, known.message);
      assert.equal(state, 'queued');
      assert.deepEqual(
        recipients.map(({ original, domain }) => [original, domain]),
        known.recipients.map(({ original, domain }) => [original, domain]),
      );
      const content = await contentOf(store, id);
      assert.ok(content.equals(Buffer.concat([known.head, known.body])), `${id} is torn`);
    }
    for (const settling of [...this.settling.values()]) {
      const isDone = !found.has(settling.id);
      if (settling.notice !== null)
        assert.equal(found.has(settling.notice), isDone, `half an outcome of ${settling.id}`);
      this.end(settling, isDone);
    }
    for (const id of this.there) assert.ok(found.has(id), `${id} is lost`);
    for (const id of this.gone) assert.ok(!found.has(id), `${id} came back`);
    for (const id of found) this.there.add(id);
    return found.size;
  }
}
