/**
 * DKIM: which domains have signed this message?
 *
 * RFC 6376, RFC 8301 (no SHA-1), RFC 8463 (Ed25519). The content streams through: what is kept of it
 * is its header and some 100 KB.
 */
import { PassThrough } from 'node:stream';
import type { DnsQuestions } from './dns-questions.ts';
import type { Mailauth } from './mailauth.ts';

const dkimResults = [
  'none',
  'pass',
  'fail',
  'policy',
  'neutral',
  'temperror',
  'permerror',
] as const;
export type DkimResult = (typeof dkimResults)[number];

export interface Signature {
  readonly result: DkimResult;
  /** As the field says; not checked to be a domain name. */
  readonly domain: string;
  readonly selector: string;
  /** Octets at the end of the content that it does not cover: anybody may have written them. */
  readonly unsigned: number;
  /** Its owner is only trying: it is to be treated like none (RFC 6376 §3.6.1). */
  readonly isTest: boolean;
}

export interface DkimCheck {
  /** Resolves when more may come. Never rejects. */
  write(piece: Uint8Array): Promise<void> | undefined;
  /** Rejects for a fault of the library. */
  end(): Promise<readonly Signature[]>;
  abort(): void;
}

/** Minimum of RFC 8301 §3.2. */
const minKeyBits = 1024;

export function startDkim(mailauth: Mailauth, questions: DnsQuestions): DkimCheck {
  const content = new PassThrough();
  const verified = mailauth.dkimVerify(content, {
    resolver: questions.texts,
    minBitLength: minKeyBits,
    rejectRsaSha1: true,
  });
  const done = verified.then(
    () => {},
    () => {},
  );
  content.on('error', () => {});

  function drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const ends = ['drain', 'close'] as const;
    const finish = () => {
      for (const event of ends) content.off(event, finish);
      resolve();
    };
    for (const event of ends) content.on(event, finish);
    void done.then(finish);
    return promise;
  }

  return {
    write(piece) {
      if (content.destroyed) return;
      return content.write(piece) ? undefined : drained();
    },
    async end() {
      content.end();
      const { results } = await verified;
      return results.map(({ status, signingDomain, selector }) => ({
        result: dkimResults.find((known) => known === status.result) ?? 'permerror',
        domain: signingDomain ?? '',
        selector: selector ?? '',
        unsigned: status.underSized ?? 0,
        isTest: status.testing ?? false,
      }));
    },
    abort() {
      content.destroy();
    },
  };
}
