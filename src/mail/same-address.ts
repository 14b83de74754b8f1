/** The local part is the recipient's own business, a domain has no case (RFC 5321 §2.4). */
export function isSameAddress(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  const at = a.lastIndexOf('@');
  return (
    a.slice(0, at + 1) === b.slice(0, at + 1) &&
    a.slice(at + 1).toLowerCase() === b.slice(at + 1).toLowerCase()
  );
}
