/**
 * Paths as a milter sees them: the way the client typed them.
 */
import { withoutBrackets } from '../../mail/address.ts';

/** Longer than any address may be (RFC 5321 §4.5.3.1.3), so a cut one stays malformed. */
const pathLimit = 1000;

/** As everybody else writes it: without angle brackets, bounded. */
export function barePath(path: string): string {
  return withoutBrackets(path.trim()).slice(0, pathLimit);
}

/** The local part is the recipient's own business, a domain has no case (RFC 5321 §2.4). */
export function isSameAddress(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  const at = a.lastIndexOf('@');
  return (
    a.slice(0, at + 1) === b.slice(0, at + 1) &&
    a.slice(at + 1).toLowerCase() === b.slice(at + 1).toLowerCase()
  );
}
