/**
 * One entry of a map, as far as it tells who exists and where their mail goes.
 */

export interface MapEntry {
  /** `ann`, `ann@example.org`, `@example.org`; as it was written, without quotes. */
  readonly key: string;
  readonly value: /** A mailbox. */
    | { readonly kind: 'exists' }
    /** Addresses or local names, at least one. */
    | { readonly kind: 'alias'; readonly targets: readonly string[] }
    /** The map refuses mail for it, in these words. */
    | { readonly kind: 'error'; readonly text: string };
  /** What we cannot do as the map wants it; absent where there is nothing. */
  readonly remark?: string;
}

export type MapEntryReading = MapEntry | { readonly problem: string };

/** Splits `key value` at the first blanks; a key in quotes may hold some. Value '' where there is none. */
export function splitKey(text: string): { key: string; value: string } {
  const quoted = /^"((?:[^"\\]|\\.)*)"(\S*)\s*/.exec(text);
  if (quoted) {
    const key = (quoted[1] ?? '').replace(/\\(.)/g, '$1') + (quoted[2] ?? '');
    return { key, value: text.slice(quoted[0].length).trim() };
  }
  const blank = text.search(/\s/);
  if (blank < 0) return { key: text, value: '' };
  return { key: text.slice(0, blank), value: text.slice(blank).trim() };
}
