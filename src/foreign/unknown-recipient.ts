/**
 * What a mail server says at RCPT to a mailbox that does not exist, foretold or asked.
 */

/**
 * - `accepted`: and a notice is owed for each; the accident of 2006
 * - `catch-all`: every name exists, as the operator wants it
 * - `later`: 4xx
 * - `unclear`: it cannot be told
 */
export type UnknownFate = 'refused' | 'accepted' | 'catch-all' | 'later' | 'unclear';

export interface UnknownForetold {
  readonly fate: UnknownFate;
  /** Why, as a part of a sentence. */
  readonly because: string;
  /** Lines or commands of the server's own that would have it refused; the guard's are told elsewhere. */
  readonly cures: readonly string[];
  /** The server that takes the mail of the domain, where there is one and its name is known. */
  readonly backend: string | null;
}

export function unknownForetold(
  fate: UnknownFate,
  because: string,
  more: { readonly cures?: readonly string[]; readonly backend?: string | null } = {},
): UnknownForetold {
  return { fate, because, cures: more.cures ?? [], backend: more.backend ?? null };
}

/** Of the reply to RCPT, or to MAIL where that was refused. */
export function fateOfReply(reply: string): UnknownFate {
  if (/^2/.test(reply)) return 'accepted';
  if (/^5/.test(reply)) return 'refused';
  return /^4/.test(reply) ? 'later' : 'unclear';
}
