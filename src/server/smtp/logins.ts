/**
 * Logins: names with the scrypt hash of a password, `scrypt$N$r$p$salt$hash` in base64.
 *
 * RFC 7914. A hash costs memory and time on purpose, so only a few are computed at once, and no more
 * than a bounded number wait. A name that does not exist costs as much as one that does.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

export interface Logins {
  /** `busy`: too many wait; say so with a 4xx. */
  verify(user: string, password: string): Promise<'granted' | 'denied' | 'busy'>;
}

interface PasswordHash {
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export interface LoginOptions {
  /** Hashes computed at once. */
  readonly parallel?: number;
  /** Logins that may wait for that. */
  readonly waiting?: number;
}

/** 32 MiB and some 60 ms: OWASP's advice for scrypt, halved twice for many logins at once. */
const usualCost = { N: 32_768, r: 8, p: 1 };
const hashLength = 32;
/** Nobody's password; also bounds what a client can make us hash. */
const longestPassword = 1024;

/** `users`: name to hash. Throws TypeError with the name where a hash cannot be read. */
export function createLogins(
  users: Iterable<readonly [name: string, hash: string]>,
  { parallel = 2, waiting = 64 }: LoginOptions = {},
): Logins {
  const known = new Map<string, PasswordHash>();
  for (const [name, text] of users) {
    const hash = parsePasswordHash(text);
    if (hash === null) throw new TypeError(`the password of ${name} is no scrypt hash`);
    known.set(name, hash);
  }
  const [first] = known.values();
  const decoy: PasswordHash = {
    cost: first?.cost ?? usualCost,
    salt: randomBytes(16),
    hash: randomBytes(hashLength),
  };
  const queue = new Turns(parallel, waiting);

  return {
    async verify(user, password) {
      const expected = known.get(user);
      const { cost, salt, hash } = expected ?? decoy;
      const turn = queue.take();
      if (turn === null) return 'busy';
      await turn;
      try {
        const found = await derive(password.slice(0, longestPassword), salt, hash.length, cost);
        const isEqual = timingSafeEqual(found, hash) && password.length <= longestPassword;
        return isEqual && expected !== undefined ? 'granted' : 'denied';
      } finally {
        queue.give();
      }
    },
  };
}

/** What stands in the configuration for a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, hashLength, usualCost);
  const { N, r, p } = usualCost;
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** Null where the text is no such hash, or one that would cost more than 256 MiB. */
export function parsePasswordHash(text: string): PasswordHash | null {
  const found = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([^$]+)\$([^$]+)$/.exec(text);
  if (!found) return null;
  const [N, r, p] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const salt = Buffer.from(found[4] ?? '', 'base64');
  const hash = Buffer.from(found[5] ?? '', 'base64');
  const isPower = N >= 2 && (N & (N - 1)) === 0;
  if (!isPower || r < 1 || p < 1 || p > 16 || 128 * N * r > 2 ** 28) return null;
  return salt.length < 8 || hash.length < 16 ? null : { cost: { N, r, p }, salt, hash };
}

function derive(
  password: string,
  salt: Buffer,
  length: number,
  cost: PasswordHash['cost'],
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r };
  scrypt(password.normalize('NFC'), salt, length, options, (error, key) =>
    error ? reject(error) : resolve(key),
  );
  return promise;
}

/** So many at once; the others wait in order, up to a limit. */
class Turns {
  private free: number;
  private readonly limit: number;
  private readonly waiting: (() => void)[] = [];

  constructor(free: number, limit: number) {
    this.free = free;
    this.limit = limit;
  }

  take(): Promise<void> | null {
    if (this.free > 0) {
      this.free--;
      return Promise.resolve();
    }
    if (this.waiting.length >= this.limit) return null;
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  give(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free++;
  }
}
