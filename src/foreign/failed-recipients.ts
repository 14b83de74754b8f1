/**
 * Whom a notice names, each once: the first hundred by name, the others only counted.
 */
const mostNamed = 100;

export class FailedRecipients {
  readonly named = new Set<string>();
  /** Beyond the hundred named ones, one that comes twice counts twice. */
  count = 0;

  /** Null: one whose name cannot be read. */
  add(address: string | null): void {
    if (address !== null && address !== '') {
      if (this.named.has(address)) return;
      if (this.named.size < mostNamed) this.named.add(address);
    }
    this.count++;
  }
}
