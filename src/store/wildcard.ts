/**
 * Texts with `*` for any characters: exact otherwise, no escape. In linear memory, without recursion.
 */
export function matches(pattern: string, text: string): boolean {
  let [at, from] = [0, 0];
  /** Behind the last `*`, and what of the text it has swallowed. */
  let [star, swallowed] = [-1, 0];
  while (at < text.length) {
    if (pattern[from] === '*') {
      star = ++from;
      swallowed = at;
    } else if (from < pattern.length && pattern[from] === text[at]) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star;
      at = ++swallowed;
    } else return false;
  }
  while (pattern[from] === '*') from++;
  return from === pattern.length;
}
