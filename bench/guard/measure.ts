/**
 * One measurement: so many messages into a scene, until the last of them is at the sink.
 */
import type { Scene } from './scene.ts';

/** Senders whose domains were asked about before, or never. */
export const loads = ['known', 'fresh'] as const;
export type Load = (typeof loads)[number];
const knownDomains = 200;

export interface Figures {
  /** Taken and delivered. */
  readonly perSecond: number;
  /** Of a message's conversation, ms. */
  readonly p50: number;
  readonly p99: number;
  /** ms of CPU for each message; null where the kernel does not tell, or nobody is beside. */
  readonly server: number | null;
  readonly companion: number | null;
}

let fresh = 0;

/** Throws where a message was refused or did not arrive. */
export async function measure(scene: Scene, load: Load, messages: number): Promise<Figures> {
  const { strangers, sink } = scene;
  const distinct = load === 'known' ? knownDomains : messages;
  const first = load === 'known' ? 0 : fresh;
  if (load === 'fresh') fresh += messages;
  const there = sink.messages;
  const before = await scene.cpu();
  const begin = performance.now();
  const brought = await strangers.call('bring', messages, `d%.${load}.example`, first, distinct);
  const { accepted, refusal, p50, p99 } = brought;
  if (refusal !== null) throw new Error(`a message was not taken: ${refusal}`);
  if (!(await sink.reached(there + accepted, 120_000)))
    throw new Error(`${there + accepted - sink.messages} of ${accepted} did not arrive`);
  const seconds = (performance.now() - begin) / 1000;
  const after = await scene.cpu();
  const each = (from: number | null, to: number | null) =>
    from === null || to === null ? null : ((to - from) / messages) * 1000;
  return {
    perSecond: messages / seconds,
    p50,
    p99,
    server: each(before.server, after.server),
    companion: each(before.companion, after.companion),
  };
}
