/**
 * A name that is counted: an address, a domain, a client. It is known by its hash; its text is only written
 * out where somebody keeps it, which is seldom, since most names are seen once.
 */
import { detached } from '../../mail/detached.ts';
import { hashText } from '../../mail/text-hash.ts';

export class Named {
  /** 32 bits, signed: the same for the same name in either case. */
  readonly hash: number;
  private text: string;
  private isKept = false;

  constructor(text: string, hash: number) {
    this.text = text;
    this.hash = hash;
  }

  get isEmpty(): boolean {
    return this.text === '';
  }

  /** Lower case. */
  get name(): string {
    return this.kept().text;
  }

  /** The same, which from now on keeps nothing but its own text in memory. */
  kept(): this {
    if (!this.isKept) {
      this.text = detached(this.text.toLowerCase());
      this.isKept = true;
    }
    return this;
  }

  /** Whether it stands at this end of a text, in either case. */
  isEndOf(text: string, from: number): boolean {
    return text.length - from === this.text.length && text.endsWith(this.text);
  }
}

/** Whom a notice storm is about. */
export const nobody = new Named('', 0);

/** How names are hashed: with the seed of one finder. */
export type NameText = (text: string) => Named;

export function namesOf(seed: number): NameText {
  return (text) => new Named(text, hashText(text, seed));
}

/** `ann@a.example and bob@b.example`, whoever wrote. */
export function pairName({ name: one }: Named, { name: other }: Named): string {
  return one < other ? `${one} and ${other}` : `${other} and ${one}`;
}
