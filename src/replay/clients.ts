/**
 * Addresses of those who send in a replay. They are only told of by XCLIENT, never connected to, and lie in
 * the block for benchmarks (RFC 2544), which is large enough for many networks.
 */

/** One of 512 networks of 256 addresses; both count round. */
export function clientAt(network: number, host: number): string {
  return `198.${18 + (Math.floor(network / 256) % 2)}.${network % 256}.${host % 256}`;
}

/** Who sends wanted mail: a few real mail servers. */
export const goodClients: readonly string[] = Array.from({ length: 8 }, (_, n) =>
  clientAt(500 + n, 25),
);
