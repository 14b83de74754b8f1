/**
 * Text of strangers as a text of an SQL engine and back.
 */
import type { SQLOutputValue } from 'node:sqlite';

/**
 * SQL engines keep neither NUL nor lone surrogates in a text. One that holds such a thing, or a
 * backslash, is kept as the inside of a JSON string; every other text as it is.
 */
export function encode(text: string): string;
export function encode(text: string | null): string | null;
export function encode(text: string | null): string | null {
  if (text === null || (!/[\\\u0000]/.test(text) && text.isWellFormed())) return text;
  return JSON.stringify(text).slice(1, -1);
}

export function decode(value: SQLOutputValue | undefined): string | null {
  if (typeof value !== 'string') return null;
  return value.includes('\\') ? String(JSON.parse(`"${value}"`)) : value;
}
