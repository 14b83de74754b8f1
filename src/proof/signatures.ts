/**
 * The signatures of one message: its header is read, and its content hashed if it is signed at all.
 */
import { HeaderGatherer } from '../mail/header-gatherer.ts';
import { type DkimCheck, type DkimResult, type Signature, startDkim } from './dkim.ts';
import type { DnsQuestions } from './dns-questions.ts';
import { createHashingEffort } from './hashing-effort.ts';
import { loadMailauth } from './mailauth.ts';
import { readSignedHeader, type SignedHeader } from './signed-header.ts';

export interface Signatures {
  /** As `ProofSession.write`. */
  write(piece: Uint8Array): void | Promise<void>;
  /** Ends the content. */
  finish(): void;
  /** After `finish`; `permerror` where the content is too much to hash. Rejects for a fault of the library. */
  verify(): Promise<readonly Signature[]>;
  /** What they are where they cannot be verified. */
  presume(result: DkimResult): readonly Signature[];
  abort(): void;
}

const headerLimit = 256 * 1024;

/** `onHeader` is called as soon as the header is complete. */
export function createSignatures(
  questions: DnsQuestions,
  onHeader: (header: SignedHeader) => void,
): Signatures {
  const gatherer = new HeaderGatherer(headerLimit);
  let state: 'header' | 'body' | 'too large' = 'header';
  let header: SignedHeader | null = null;
  let check: DkimCheck | null = null;
  let starting: Promise<void> | null = null;
  const effort = createHashingEffort();
  let isAborted = false;

  function readHeader(bytes: Buffer): void {
    state = 'body';
    header = readSignedHeader(bytes);
    const { signed } = header;
    if (signed !== null) {
      for (const { domain, selector } of header.signatures)
        questions.texts(`${selector}._domainkey.${domain}`).catch(() => {});
      starting = start(signed);
      starting.catch(() => {});
    }
    onHeader(header);
  }

  async function start(signed: Buffer): Promise<void> {
    const started = startDkim(await loadMailauth(), questions);
    if (isAborted) started.abort();
    check = started;
    await started.write(signed);
  }

  function writeBody(piece: Uint8Array): void | Promise<void> {
    if (starting === null || piece.length === 0 || isAborted) return;
    if (effort.exceeds(piece)) return abort();
    if (check) return check.write(piece);
    return starting.then(
      () => check?.write(piece),
      () => {},
    );
  }

  function abort(): void {
    isAborted = true;
    check?.abort();
  }

  function presume(result: DkimResult): readonly Signature[] {
    return (header?.signatures ?? []).map((name) => ({
      ...name,
      result,
      unsigned: 0,
      isTest: false,
    }));
  }

  return {
    write(piece) {
      if (state === 'body') return writeBody(piece);
      if (state === 'too large') return;
      const { buffer, byteOffset, length } = piece;
      const gathered = gatherer.add(Buffer.from(buffer, byteOffset, length));
      if (gathered === 'more') return;
      if (gathered === 'tooLarge') {
        state = 'too large';
        return;
      }
      readHeader(gathered.header);
      return writeBody(gathered.rest);
    },
    finish() {
      const gathered = state === 'header' ? gatherer.end() : null;
      if (gathered !== null && gathered !== 'more' && gathered !== 'tooLarge')
        readHeader(gathered.header);
    },
    async verify() {
      await starting;
      if (isAborted) return presume('permerror');
      return check ? await check.end() : [];
    },
    presume,
    abort,
  };
}
