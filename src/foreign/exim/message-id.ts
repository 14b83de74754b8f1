/**
 * Exim's message ids, and the names of the files that carry them.
 *
 * Specification, "Format of spool files"; 16 characters up to Exim 4.96, 23 from 4.97 on, and both in
 * one queue after an upgrade. Digits of base 62, or 36.
 */

const id = /^[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})$/;

/** Nothing that passes can be an option, a path or a word for a shell. */
export function isMessageId(text: string): boolean {
  return id.test(text);
}

/** Where the body begins in a -D file: after a line with the file's own name. */
export function bodyOffset(id: string): number {
  return id.length + 3;
}

/** With split_spool_directory, the folder inside of input/ and msglog/: the sixth character. */
export function splitFolder(id: string): string {
  return id.charAt(5);
}
