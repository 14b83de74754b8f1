/**
 * DNS messages on a byte stream: each has its length in two bytes before it.
 *
 * RFC 1035 §4.2.2, RFC 7766 §8 (several messages on one connection, any split).
 */

/** Two bytes of length bound a message by themselves: at most 65,535 bytes wait in `rest`. */
export function parseDnsFrames(bytes: Uint8Array): { messages: Uint8Array[]; rest: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const messages: Uint8Array[] = [];
  let at = 0;
  while (bytes.length - at >= 2) {
    const end = at + 2 + view.getUint16(at);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return { messages, rest: bytes.subarray(at) };
}

/** Throws RangeError for more than 65,535 bytes. */
export function formatDnsFrame(message: Uint8Array): Uint8Array {
  if (message.length > 0xffff) throw new RangeError('A DNS message has at most 65535 bytes');
  const frame = new Uint8Array(2 + message.length);
  new DataView(frame.buffer).setUint16(0, message.length);
  frame.set(message, 2);
  return frame;
}
