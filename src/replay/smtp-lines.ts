/**
 * Content as the sender of the replay writes it.
 */

/** What the client sends after DATA: dots doubled, CRLF at every end, the final dot (RFC 5321 §4.5.2). */
export function stuffDots(content: string): string {
  const lines = content.replace(/\r\n|\r|\n/g, '\r\n').replace(/(^|\n)\./g, '$1..');
  return `${lines}${lines === '' || lines.endsWith('\r\n') ? '' : '\r\n'}.\r\n`;
}
