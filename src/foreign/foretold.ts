/**
 * What a mail server will do by itself, foretold from its version and its settings.
 */

/** A domain where no failure notice can ever arrive. */
export const deadEnds = ['loopback', 'null-mx'] as const;
/** `loopback`: its MX leads to 127.0.0.1; `null-mx`: it says that it takes no mail (RFC 7505). */
export type DeadEnd = (typeof deadEnds)[number];

/** What becomes of the notice. */
export const noticeEnds = {
  ended: 'the guard ends it, with a receipt',
  dropped: 'it is dropped, and nobody is told',
  postmaster: 'it fails, and a notice about the notice goes to the postmaster',
  waits: 'it stays in the queue and is tried again for days',
  frozen: 'it stays in the queue, frozen, for days',
  loops: 'the server sends it to itself, takes it, and sends it again',
  relayed: 'it is handed to another server, whatever its domain',
  unknown: 'nobody can tell from here',
} as const;
export type NoticeEnd = keyof typeof noticeEnds;

/** Ends that fill a queue or somebody's mailbox once a spammer forges such a sender. */
export const badEnds: ReadonlySet<NoticeEnd> = new Set(['postmaster', 'waits', 'frozen', 'loops']);

export interface Foretold {
  readonly end: NoticeEnd;
  /** What the server does and which settings have it so, in sentences without the final dot. */
  readonly because: readonly string[];
  /** What would change it without the guard: commands or lines of a configuration. */
  readonly cures: readonly string[];
}

export function foretold(
  end: NoticeEnd,
  because: readonly string[],
  cures: readonly string[] = [],
): Foretold {
  return { end, because, cures };
}
