/**
 * A hash of text for counting and for tables: 32 bits, signed, each of them as good as the others; no
 * secret. Letters of ASCII are the same in either case, as they are in what names mail: so nobody has to
 * write a name anew only to count it.
 *
 * FNV-1a, mixed as MurmurHash3 ends (public domain): FNV alone leaves its upper bits weak. Its lower bits it
 * never mixes with the upper ones, so that of a seed only eight bits would count: hence the shift for each letter.
 */

/**
 * Of the text behind `from`. `seed` makes it another function, so that nobody can choose texts that
 * collide.
 */
export function hashText(text: string, seed = 0, from = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const folded = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    hash = Math.imul(hash ^ folded, 0x01000193);
    hash ^= hash >>> 15;
  }
  return hashNumber(hash);
}

/** Of a whole number: of the first 2 ** 32 no two have the same. */
export function hashNumber(number: number): number {
  let hash = number | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
