/**
 * The way Postfix's programs talk with each other: `name`, NUL, `value`, NUL, ..., and one more NUL.
 *
 * Not documented, and the same since 2.0; an answer that looks otherwise counts as none.
 */
import { isUtf8 } from 'node:buffer';
import { type NextHop, unresolved } from '../../mail/envelope.ts';
import { unquoteAddress } from './address-text.ts';

/** An address as the resolver takes it; null: it cannot be asked about. */
export function resolvable(address: string): string | null {
  if (address === '' || address.length > 1000 || /[\0-\x1f\x7f]/.test(address)) return null;
  return unquoteAddress(address);
}

/** Asks trivial-rewrite(8) where mail goes that has the null reverse-path. `address`: of resolvable(). */
export function formatResolve(address: string): Buffer {
  return Buffer.from(`request\0resolve\0sender\0\0address\0${address}\0\0`, 'utf8');
}

/** The address is no address. */
const noAddress = 0x04;
/** A table could not be asked: it may be the one that routes the domain. */
const failed = 0x08;

/**
 * The first answer in `bytes`, with what is left; null: it is not complete yet. `hop` is null where the
 * server does not know.
 */
export function takeAnswer(
  bytes: Buffer,
): { readonly hop: NextHop | null; readonly rest: Buffer } | null {
  let at = 0;
  const found = new Map<string, string>();
  for (;;) {
    const nameEnd = bytes.indexOf(0, at);
    if (nameEnd < 0) return null;
    if (nameEnd === at) {
      at++;
      // It introduces itself before its first answer.
      if (found.has('protocol') && !found.has('transport')) {
        found.clear();
        continue;
      }
      return { hop: hopOf(found), rest: bytes.subarray(at) };
    }
    const valueEnd = bytes.indexOf(0, nameEnd + 1);
    if (valueEnd < 0) return null;
    // `flags` comes twice; the second tells of the address.
    found.set(textIn(bytes, at, nameEnd), textIn(bytes, nameEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
}

function hopOf(found: ReadonlyMap<string, string>): NextHop | null {
  const flags = Number(found.get('flags') ?? noAddress);
  const mailer = found.get('transport') ?? '';
  const host = found.get('nexthop') ?? '';
  if (!Number.isInteger(flags)) return null;
  if ((flags & failed) !== 0) return unresolved;
  if ((flags & noAddress) !== 0 || mailer === '' || host === '') return null;
  return { mailer, host, address: found.get('recipient') ?? null };
}

function textIn(bytes: Buffer, start: number, end: number): string {
  const part = bytes.subarray(start, end);
  return part.toString(isUtf8(part) ? 'utf8' : 'latin1');
}
