/**
 * A text as one word of a shell, for commands that are shown to be typed.
 */
export function quote(text: string): string {
  return /^[\w@.,:=+/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
