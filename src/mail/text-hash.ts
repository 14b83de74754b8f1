/**
 * A hash of text for counting and for tables: 32 bits, each of them as good as the others; no secret.
 *
 * FNV-1a, mixed as MurmurHash3 ends (public domain): FNV alone leaves its upper bits weak.
 */

/**
 * Of the text behind `from`. `seed` makes it another function, so that nobody can choose texts that
 * collide.
 */
export function hashText(text: string, seed = 0, from = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = from; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
