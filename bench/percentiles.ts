/** Latencies in a fixed number of buckets, 2% wide each: exact enough, and any number of them fits. */
export class Latencies {
  private readonly counts = new Float64Array(1200);
  private total = 0;

  /** In ms. */
  add(latency: number): void {
    const bucket = Math.max(0, Math.round(Math.log(latency * 1000) / Math.log(1.02)));
    const at = Math.min(bucket, this.counts.length - 1);
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.total++;
  }

  /** In ms; `share` from 0 to 1. */
  at(share: number): number {
    let seen = 0;
    for (const [bucket, count] of this.counts.entries()) {
      seen += count;
      if (seen >= share * this.total) return 1.02 ** bucket / 1000;
    }
    return Number.POSITIVE_INFINITY;
  }
}
