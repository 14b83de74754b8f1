/**
 * What a sink remembers of a message: its size, the start of its text, and the marks that tell which
 * planned message it is, or which one a notice is about.
 */

/** The field that every message of a replay carries. */
export const markerField = 'X-Spillway-Replay';

export interface ReceivedContent {
  /** Bytes, dots unstuffed, CRLF counted. */
  readonly size: number;
  /** Number of Received fields. */
  readonly received: number;
  /** Value of the marker field in the message's own header; null without one. */
  readonly marker: string | null;
  /** Markers below the header: those of messages that a notice quotes. At most 10. */
  readonly quoted: readonly string[];
  /** The message from its beginning, bytes as Latin-1, lines ended by LF; cut at the caller's limit. */
  readonly text: string;
}

const mostQuoted = 10;
const longestMarker = 100;

/** Shape: the lines without CRLF, dots unstuffed. */
export function readContent(lines: readonly Buffer[], keptBytes: number): ReceivedContent {
  let size = 0;
  let received = 0;
  let marker: string | null = null;
  let isHeader = true;
  let text = '';
  const quoted: string[] = [];
  for (const line of lines) {
    size += line.length + 2;
    if (text.length < keptBytes) text += `${line.toString('latin1', 0, keptBytes - text.length)}\n`;
    if (line.length === 0) isHeader = false;
    // The field is short and never folded, unless a server did it: then it is not recognised.
    const value = markerOf(line);
    if (value !== null && isHeader) marker ??= value;
    if (value !== null && !isHeader && quoted.length < mostQuoted) quoted.push(value);
    if (isHeader && /^received:/i.test(line.toString('latin1', 0, 9))) received++;
  }
  return { size, received, marker, quoted, text };
}

function markerOf(line: Buffer): string | null {
  if (line.length > markerField.length + longestMarker) return null;
  // A notice may quote the field indented or behind a mark.
  const found = /^[\s>|]*X-Spillway-Replay:\s*(\S+)\s*$/i.exec(line.toString('latin1'));
  return found?.[1] ?? null;
}
