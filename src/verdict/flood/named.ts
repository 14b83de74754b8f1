/**
 * A name that is counted: an address, a domain, a client. It is known by its hash; its text is only written
 * out where somebody keeps it, which is seldom, since most names are seen once.
 */
import { detached } from '../../mail/detached.ts';
import { lowerAscii } from '../../mail/lower-ascii.ts';
import { hashText } from '../../mail/text-hash.ts';

export class Named {
  /** 32 bits, signed: the same for the same name in either case. */
  readonly hash: number;
  private text: string;
  /** Where in the text it begins; negative once it stands alone. */
  private from: number;

  constructor(text: string, hash: number, from = 0) {
    this.text = text;
    this.hash = hash;
    this.from = from;
  }

  get isEmpty(): boolean {
    return this.text.length === Math.max(this.from, 0);
  }

  /** Of an address; the whole of it where it has none. */
  domain(nameText: NameText): Named {
    return nameText(this.text, this.text.lastIndexOf('@') + 1);
  }

  /** Lower case. */
  get name(): string {
    return this.kept().text;
  }

  /** The same, which from now on keeps nothing but its own text in memory. */
  kept(): this {
    if (this.from >= 0) {
      this.text = detached(lowerAscii(this.text.slice(this.from)));
      this.from = -1;
    }
    return this;
  }
}

/** Whom a notice storm is about. */
export const nobody = new Named('', 0);

/** The name that is the text behind `from`, hashed with the seed of one finder. */
export type NameText = (text: string, from?: number) => Named;

export function namesOf(seed: number): NameText {
  return (text, from = 0) => new Named(text, hashText(text, seed, from), from);
}

/** `ann@a.example and bob@b.example`, whoever wrote. */
export function pairName({ name: one }: Named, { name: other }: Named): string {
  return one < other ? `${one} and ${other}` : `${other} and ${one}`;
}
