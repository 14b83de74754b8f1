/**
 * The signed mark that every message we accept carries on, so that one that comes back is known.
 *
 *     Spillway-Hop: 0f3k9d2lm1c; h=J7bQb2mJ3h0m0Zp0cW9c2g
 *
 * Received fields can be forged or taken off by gateways; this mark can be taken off but not forged.
 * It signs the Message-ID and the Date, which every server on the way leaves alone, and our own id of
 * that passage. The reverse-path is not part of it: forwarders rewrite it (SRS), and the message is
 * the same nevertheless.
 *
 * What a stranger can do: copy a mark out of a message he has seen. It holds only together with that
 * message's Message-ID and Date, and the same mark counts once; so he needs as many passages of one
 * message through us as the limit allows, and then stops nothing but his own copy of it.
 *
 * HMAC-SHA256 cut to 16 octets (RFC 2104 §5 allows half), base64url. Nodes of a cluster share the
 * secret; a new secret only forgets the marks of messages that are under way.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { stampField } from '../../mail/header-reading.ts';

/** What a mark is bound to; '' where the message has no such field. */
export interface Marked {
  readonly messageId: string;
  readonly date: string;
}

export interface HopStamps {
  /** The whole field with its CRLF. `id`: our name of this passage. */
  sign(id: string, message: Marked): string;
  /** How many different marks of ours the message carries. `values`: unfolded. */
  count(values: readonly string[], message: Marked): number;
}

const macLength = 16;
const shape = /^([0-9a-z]{1,32}); ?h=([A-Za-z0-9_-]{22})$/;

export function createHopStamps(secret: Uint8Array): HopStamps {
  const key = createSecretKey(secret);

  function macOf(id: string, { messageId, date }: Marked): Buffer {
    return createHmac('sha256', key)
      .update(`spillway-hop\0${id}\0${messageId}\0${date}`)
      .digest()
      .subarray(0, macLength);
  }

  return {
    sign: (id, message) =>
      `${stampField}: ${id}; h=${macOf(id, message).toString('base64url')}\r\n`,
    count(values, message) {
      if (values.length === 0) return 0;
      const ids = new Set<string>();
      for (const value of values) {
        const [, id, text = ''] = shape.exec(value) ?? [];
        if (id === undefined || ids.has(id)) continue;
        if (timingSafeEqual(macOf(id, message), Buffer.from(text, 'base64url'))) ids.add(id);
      }
      return ids.size;
    },
  };
}
