/**
 * Addresses as sendmail keeps them in its queue: as they were typed, with names and comments.
 *
 * `<ann@host.example>` from SMTP; `Ann <ann@host.example>`, `ann@host.example (Ann)` or `ann` from
 * programs on the same machine (RFC 5322 §3.4).
 */

/** The bare address; the text itself where there is no telling. */
export function addressIn(text: string): string {
  // As SMTP gives it, which nearly all are.
  if (text.startsWith('<') && text.indexOf('>') === text.length - 1) return text.slice(1, -1);
  if (!/[<("]/.test(text)) return text.trim();
  let bare = '';
  let angle: string | null = null;
  let depth = 0;
  let isQuoted = false;
  let isInAngle = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? '';
    // A quoted-pair stands for itself, quotes and parentheses included.
    const piece = character === '\\' ? text.slice(i, ++i + 1) : character;
    if (depth === 0 && piece === '"') isQuoted = !isQuoted;
    if (!isQuoted) {
      if (piece === '(') depth++;
      if (depth > 0) {
        if (piece === ')') depth--;
        continue;
      }
      if (piece === '<' && !isInAngle) {
        isInAngle = true;
        angle = '';
        continue;
      }
      if (piece === '>') {
        isInAngle = false;
        continue;
      }
    }
    if (isInAngle) angle += piece;
    else bare += piece;
  }
  return (angle ?? bare).trim();
}
