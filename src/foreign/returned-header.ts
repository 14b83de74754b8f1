/**
 * What the header of the message that came back tells: who sent it, who brought it, what its name is.
 *
 * RFC 5321 §4.4: the topmost Received was written by the server that writes the notice; Return-Path by
 * some of them, since the message was at its end there.
 */
import { withoutBrackets } from '../mail/address.ts';
import { eachField, isFieldNamed, wholeValue } from './notice-fields.ts';
import { ClientTrace } from './received-client.ts';

export interface ReturnedHeader {
  readonly sender: string | null;
  readonly client: string | null;
  readonly messageId: string | null;
}

export const nothingReturned: ReturnedHeader = { sender: null, client: null, messageId: null };

const pathLimit = 340;
const messageIdLimit = 998;
const receivedLimit = 2000;

export function readReturned(text: string, start: number, end: number): ReturnedHeader {
  let sender: string | null = null;
  let messageId: string | null = null;
  const trace = new ClientTrace();
  let hasId = false;
  eachField(text, start, end, (name, nameLength, from, to) => {
    if (nameLength === 11 && trace.isEmpty && isFieldNamed(text, name, 'return-path')) {
      const path = wholeValue(text, from, to, pathLimit);
      sender ??= path === null ? null : withoutBrackets(path);
    } else if (nameLength === 8 && !trace.isDone && isFieldNamed(text, name, 'received')) {
      trace.add(wholeValue(text, from, to, receivedLimit));
    } else if (nameLength === 10 && !hasId && isFieldNamed(text, name, 'message-id')) {
      hasId = true;
      messageId = readMessageId(wholeValue(text, from, to, messageIdLimit));
    }
  });
  return { sender, client: trace.client, messageId };
}

/** RFC 5322 §3.6.4; one without brackets, as old programs write it, is taken whole. */
function readMessageId(value: string | null): string | null {
  return value === null || value === '' ? null : (/<[^<>\s]+>/.exec(value)?.[0] ?? value);
}
