/**
 * Paths as a milter sees them: the way the client typed them.
 */

/** Longer than any address may be (RFC 5321 §4.5.3.1.3), so a cut one stays malformed. */
const pathLimit = 1000;

export function withoutBrackets(path: string): string {
  const trimmed = path.trim();
  const bare = trimmed.startsWith('<') && trimmed.endsWith('>') ? trimmed.slice(1, -1) : trimmed;
  return bare.slice(0, pathLimit);
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
