/**
 * Addresses as sendmail keeps them in its queue: as they were typed, with names and comments.
 *
 * `<ann@host.example>` from SMTP; `Ann <ann@host.example>`, `ann@host.example (Ann)` or `ann` from
 * programs on the same machine (RFC 5322 §3.4).
 */

import type { NextHop } from '../../mail/envelope.ts';

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

/**
 * What an alias leads to in place of a mailbox: a program, a file, a list. sendmail's own mailers take it
 * from there. Null for whatever has a domain.
 */
export function aliasTarget(text: string): NextHop | null {
  const isOneString = /^"(?:[^"\\]|\\.)*"$/s.test(text);
  if (!isOneString && text.includes('@')) return null;
  const target = isOneString ? text.slice(1, -1) : text;
  const mailer = target.startsWith('|')
    ? 'prog'
    : target.startsWith('/')
      ? '*file*'
      : target.startsWith(':include:')
        ? '*include*'
        : null;
  return mailer && { mailer, host: '', address: null };
}
