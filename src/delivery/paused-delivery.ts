/**
 * A delivery at rest: mail is taken and kept, and nothing leaves the queue, for an operator who wants
 * to look first.
 */
import type { Delivery } from './delivery.ts';

export function createPausedDelivery(): Delivery {
  return {
    hasRoom: () => false,
    take() {},
    wake() {},
    canCutThrough: () => false,
    cutThrough: async () => null,
    async [Symbol.asyncDispose]() {},
  };
}
