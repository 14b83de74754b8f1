/**
 * Requests of Postfix's policy delegation protocol: `name=value` lines, an empty line ends each.
 *
 * Postfix README_FILES/SMTPD_POLICY_README: the order is free, names we do not know are ignored,
 * values may be empty or absent.
 */

/** What we use of a request. */
const known = [
  'request',
  'protocol_state',
  'instance',
  'queue_id',
  'helo_name',
  'sender',
  'recipient',
  'client_address',
  'client_name',
  'sasl_username',
] as const;
type Name = (typeof known)[number];

/** Absent is as good as empty. */
export type Attributes = ReadonlyMap<Name, string>;

export type RequestEvent =
  | { readonly kind: 'request'; readonly attributes: Attributes }
  /** Nothing after this makes sense; it is the last event. */
  | { readonly kind: 'fault'; readonly problem: string };

export interface RequestReader {
  push(bytes: Buffer): RequestEvent[];
}

/** Bytes. Postfix cuts addresses and names far below; a certificate's subject may be long. */
const longestLine = 8192;
/** Postfix 3.9 sends about 35. */
const mostLines = 200;

const feed = 0x0a;

export function createRequestReader(): RequestReader {
  let rest: Buffer = Buffer.alloc(0);
  let attributes = new Map<Name, string>();
  let lines = 0;
  let broken = false;

  function takeLine(line: Buffer): RequestEvent | null {
    if (line.length === 0) {
      const event: RequestEvent = { kind: 'request', attributes };
      attributes = new Map();
      lines = 0;
      return event;
    }
    if (line.length > longestLine) return tooLong;
    if (++lines > mostLines) return fault(`a request of more than ${mostLines} lines`);
    const divide = line.indexOf('=');
    if (divide < 1) return fault('a line that is no name=value');
    const name = known.find((one) => one === line.toString('latin1', 0, divide));
    if (name === undefined) return null;
    // Whose words count, where two are said?
    if (attributes.has(name)) return fault(`"${name}" is said twice`);
    // Bytes that are no UTF-8 become U+FFFD, which no domain has.
    attributes.set(name, line.toString('utf8', divide + 1));
    return null;
  }

  return {
    push(bytes) {
      const events: RequestEvent[] = [];
      let at = 0;
      while (!broken) {
        const end = bytes.indexOf(feed, at);
        if (end < 0) break;
        const line = bytes.subarray(at, end);
        const event = takeLine(rest.length === 0 ? line : Buffer.concat([rest, line]));
        rest = Buffer.alloc(0);
        at = end + 1;
        if (event) events.push(event);
        broken = event?.kind === 'fault';
      }
      if (broken) return events;
      rest = Buffer.concat([rest, bytes.subarray(at)]);
      if (rest.length > longestLine) {
        broken = true;
        events.push(tooLong);
      }
      return events;
    },
  };
}

function fault(problem: string): RequestEvent {
  return { kind: 'fault', problem };
}

const tooLong = fault(`a line of more than ${longestLine} bytes`);
