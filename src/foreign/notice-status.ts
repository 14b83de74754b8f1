/**
 * The delivery status in a notice: for whom it failed, and why.
 *
 * RFC 3464 §2, RFC 6533 §3; X-Postfix-Sender as Postfix's bounce service writes it.
 */
import { FailedRecipients } from './failed-recipients.ts';
import { eachField, isFieldNamed, valueBeginning, wholeValue } from './notice-fields.ts';

export interface DeliveryStatus {
  readonly sender: string | null;
  readonly failed: FailedRecipients;
  readonly reason: string | null;
  readonly reportingMta: string | null;
}

interface Block {
  finalRecipient: string | null;
  originalRecipient: string | null;
  action: string | null;
  status: string | null;
  diagnostic: string | null;
  isRecipient: boolean;
}

/** RFC 5321 §4.5.3.1: 64 octets, an at sign, 255 octets; and the type before it. */
const addressLimit = 340;
const reasonLimit = 500;
const wordLimit = 300;

/** `isCut`: the notice goes on where we stop, so that the last block may lack the rest. */
export function readStatus(
  text: string,
  start: number,
  end: number,
  isCut: boolean,
): DeliveryStatus {
  let sender: string | null = null;
  let reportingMta: string | null = null;
  let reason: string | null = null;
  const failed = new FailedRecipients();
  let block = emptyBlock();

  function take(name: number, nameLength: number, from: number, to: number): void {
    // The length of the name alone tells of most fields that they are none of ours.
    switch (nameLength) {
      case 6:
        if (isFieldNamed(text, name, 'action')) block.action ??= word(from, to);
        else if (isFieldNamed(text, name, 'status')) block.status ??= word(from, to);
        break;
      case 13:
        if (isFieldNamed(text, name, 'reporting-mta')) reportingMta ??= afterType(word(from, to));
        break;
      case 15:
        if (isFieldNamed(text, name, 'final-recipient')) {
          block.isRecipient = true;
          block.finalRecipient ??= address(from, to);
        } else if (isFieldNamed(text, name, 'diagnostic-code'))
          block.diagnostic ??= onOneLine(valueBeginning(text, from, to, reasonLimit));
        break;
      case 16:
        if (isFieldNamed(text, name, 'x-postfix-sender')) sender ??= address(from, to);
        break;
      case 18:
        if (isFieldNamed(text, name, 'original-recipient')) {
          block.isRecipient = true;
          block.originalRecipient ??= address(from, to);
        }
        break;
    }
  }

  const word = (from: number, to: number) => wholeValue(text, from, to, wordLimit);
  const address = (from: number, to: number) =>
    readTypedAddress(wholeValue(text, from, to, addressLimit));

  for (let at = start; at < end; ) {
    at = eachField(text, at, end, take);
    const isWhole = at < end || !isCut;
    // RFC 3464 §2.3.3: delivered, relayed and expanded are no failures.
    const isFailed = block.action === null ? isWhole : /^(?:failed|delayed)/i.test(block.action);
    if (block.isRecipient && isFailed) {
      if (failed.count === 0) reason = block.diagnostic ?? block.status;
      failed.add(block.finalRecipient ?? block.originalRecipient);
    }
    if (block.isRecipient) block = emptyBlock();
  }
  return { sender, failed, reason, reportingMta };
}

function emptyBlock(): Block {
  return {
    finalRecipient: null,
    originalRecipient: null,
    action: null,
    status: null,
    diagnostic: null,
    isRecipient: false,
  };
}

/** What was folded has the blanks of both lines. */
function onOneLine(text: string): string {
  return text.includes('  ') || text.includes('\t') ? text.replace(/\s+/g, ' ') : text;
}

/** `rfc822; ann@example.org`, `rfc822;<ann@example.org>`, `utf-8; ...`. */
function readTypedAddress(value: string | null): string | null {
  if (value === null) return null;
  const semicolon = value.indexOf(';');
  const text = value.slice(semicolon + 1).trim();
  const bare = text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text;
  return isUtf8Type(value, semicolon) ? decodeUtf8Address(bare) : bare;
}

function isUtf8Type(value: string, semicolon: number): boolean {
  return semicolon === 5 && /^utf-8/i.test(value);
}

/** RFC 6533 §3: `\x{HEX}` in a message that must be ASCII. */
function decodeUtf8Address(text: string): string {
  return text.replace(/\\x\{([0-9a-f]{2,6})\}/gi, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code > 0x10ffff ? whole : String.fromCodePoint(code);
  });
}

function afterType(value: string | null): string | null {
  return value?.slice(value.indexOf(';') + 1).trim() ?? null;
}
