/**
 * Milter frames: a length of 4 bytes, big-endian, which counts the command byte and the data.
 *
 * sendmail libmilter/comm.c. The length comes over the wire and is checked before anything else.
 */
export type FrameEvent =
  | { readonly kind: 'frame'; readonly command: string; readonly body: Uint8Array }
  | { readonly kind: 'fault'; readonly problem: string };

/** Call again with `rest` plus new bytes; nothing can follow a fault. Bodies share memory with `bytes`. */
export function parseFrames(
  bytes: Uint8Array,
  limit: number,
): { readonly events: FrameEvent[]; readonly rest: Uint8Array } {
  const events: FrameEvent[] = [];
  let at = 0;
  while (bytes.length - at >= 4) {
    const length = lengthAt(bytes, at);
    if (length === 0 || length > limit) {
      const problem = length === 0 ? 'an empty frame' : `a frame of ${length} bytes`;
      events.push({ kind: 'fault', problem });
      break;
    }
    const end = at + 4 + length;
    if (end > bytes.length) break;
    const command = String.fromCharCode(bytes[at + 4] ?? 0);
    events.push({ kind: 'frame', command, body: bytes.subarray(at + 5, end) });
    at = end;
  }
  return { events, rest: bytes.subarray(at) };
}

/** How long `rest` must grow before another call of `parseFrames` can give an event. */
export function bytesWanted(rest: Uint8Array): number {
  return rest.length < 4 ? 4 : 4 + lengthAt(rest, 0);
}

/** One frame with its length. */
export function formatFrame(command: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 1);
  const frame = Buffer.allocUnsafe(4 + length);
  frame.writeUInt32BE(length);
  frame[4] = command.charCodeAt(0);
  let at = 5;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** Each text with one NUL at its end, and none inside. */
export function formatStrings(...texts: readonly string[]): Uint8Array {
  return Buffer.from(texts.map((text) => `${text.replaceAll('\0', '')}\0`).join(''));
}

export function formatUint32(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
