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
