/**
 * What a mail server tells a filter: frames become typed commands.
 *
 * sendmail libmilter/engine.c, protocol versions 2 to 6. Every string on the wire ends with a NUL.
 */
import { textOf } from '../../mail/text.ts';

export interface Offer {
  readonly version: number;
  readonly actions: number;
  readonly protocol: number;
}

/** The command that a list of macros belongs to; other letters are of no use to us. */
export type MacroStage = 'C' | 'H' | 'M' | 'R' | 'T' | 'N' | 'E';

export type Command =
  | { readonly kind: 'negotiate'; readonly offer: Offer }
  | {
      readonly kind: 'macros';
      readonly stage: MacroStage | null;
      /** Names and values in turn; names may come with braces or bare. */
      readonly pairs: readonly string[];
    }
  | {
      readonly kind: 'connect';
      /** As the mail server gives it: `[192.0.2.1]` where the address has no name. */
      readonly host: string;
      readonly family: '4' | '6' | 'L' | 'U';
      /** 0 for a unix socket and an unknown client. */
      readonly port: number;
      /** Address or path in text; `` for an unknown client. */
      readonly address: string;
    }
  | { readonly kind: 'helo'; readonly name: string }
  /** `path` as the client wrote it, with its angle brackets if there were any. */
  | {
      readonly kind: 'mail' | 'rcpt';
      readonly path: string;
      readonly parameters: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly line: string }
  /**
   * The bytes as they came, name NUL value NUL, because hardly any header is looked at. A folded
   * value has bare LF in it.
   */
  | { readonly kind: 'header'; readonly field: Uint8Array; readonly nameLength: number }
  | { readonly kind: 'body'; readonly chunk: Uint8Array }
  /** A last piece of the body may come with the end of the message. */
  | { readonly kind: 'endOfMessage'; readonly chunk: Uint8Array }
  | { readonly kind: 'data' | 'endOfHeaders' | 'abort' | 'quit' | 'quitNewConnection' };

export interface CommandFault {
  readonly kind: 'fault';
  readonly problem: string;
}

/** `command` and `body` of one frame. The bytes of a header or body share memory with `body`. */
export function parseCommand(command: string, body: Uint8Array): Command | CommandFault {
  switch (command) {
    case 'O':
      return parseOffer(body);
    case 'D':
      return parseMacros(body);
    case 'C':
      return parseConnect(body);
    case 'H':
      return withStrings(body, 0, 'HELO', ([name = '']) => ({ kind: 'helo', name }));
    case 'M':
    case 'R': {
      const kind = command === 'M' ? 'mail' : 'rcpt';
      const make = ([path = '', ...parameters]: string[]): Command => ({ kind, path, parameters });
      return withStrings(body, 0, kind, make, addressOf);
    }
    case 'T':
      return { kind: 'data' };
    case 'L':
      return parseHeader(body);
    case 'N':
      return { kind: 'endOfHeaders' };
    case 'B':
      return { kind: 'body', chunk: body };
    case 'E':
      return { kind: 'endOfMessage', chunk: body };
    case 'U':
      return withStrings(body, 0, 'unknown command', ([line = '']) => ({ kind: 'unknown', line }));
    case 'A':
      return { kind: 'abort' };
    case 'Q':
      return { kind: 'quit' };
    case 'K':
      return { kind: 'quitNewConnection' };
    default:
      return fault(`the unknown command ${JSON.stringify(command)}`);
  }
}

/**
 * As textOf, but other bytes become U+FFFD, which no domain has: it cannot be told whose name they are,
 * and a server may ask DNS for it.
 */
function addressOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', start, end);
}

function parseOffer(body: Uint8Array): Command | CommandFault {
  if (body.length < 12) return fault('a negotiation that is too short');
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const [version, actions, protocol] = [view.getUint32(0), view.getUint32(4), view.getUint32(8)];
  return { kind: 'negotiate', offer: { version, actions, protocol } };
}

const macroStages: ReadonlyMap<number, MacroStage> = new Map(
  (['C', 'H', 'M', 'R', 'T', 'N', 'E'] as const).map((stage) => [stage.charCodeAt(0), stage]),
);

function parseMacros(body: Uint8Array): Command | CommandFault {
  const [first] = body;
  if (first === undefined) return fault('macros without a command');
  const stage = macroStages.get(first) ?? null;
  // One byte and no pair is legal: there is nothing to say at this stage.
  if (body.length === 1) return { kind: 'macros', stage, pairs: [] };
  return withStrings(body, 1, 'macros', (pairs) => ({ kind: 'macros', stage, pairs }), addressOf);
}

function parseConnect(body: Uint8Array): Command | CommandFault {
  const hostEnd = body.indexOf(0);
  const letter = body[hostEnd + 1];
  if (hostEnd < 0 || letter === undefined) return fault('a connection that is cut short');
  const host = textOf(body, 0, hostEnd);
  const family = String.fromCharCode(letter);
  if (family === 'U') return { kind: 'connect', host, family, port: 0, address: '' };
  if (family !== '4' && family !== '6' && family !== 'L')
    return fault(`the address family ${JSON.stringify(family)}`);
  const [high, low] = [body[hostEnd + 2], body[hostEnd + 3]];
  const start = hostEnd + 4;
  const end = body.indexOf(0, start);
  if (high === undefined || low === undefined || end < 0)
    return fault('a connection that is cut short');
  return {
    kind: 'connect',
    host,
    family,
    port: (high << 8) | low,
    address: textOf(body, start, end),
  };
}

function parseHeader(body: Uint8Array): Command | CommandFault {
  const nameLength = body.indexOf(0);
  const last = body.length - 1;
  if (nameLength < 0 || nameLength === last || body[last] !== 0)
    return fault('a header that is cut short');
  return { kind: 'header', field: body, nameLength };
}

function withStrings(
  body: Uint8Array,
  start: number,
  what: string,
  make: (strings: string[]) => Command,
  read: (bytes: Uint8Array, start: number, end: number) => string = textOf,
): Command | CommandFault {
  const last = body.length - 1;
  if (last < start || body[last] !== 0) return fault(`${what} without its final NUL`);
  return make(read(body, start, last).split('\0'));
}

function fault(problem: string): CommandFault {
  return { kind: 'fault', problem };
}
