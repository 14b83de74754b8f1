/**
 * What Exim asks by `${readsocket...}`: one line over a connection of its own.
 *
 *     spillway/1 VERB NAME=BASE64 NAME=BASE64 ...
 *
 * | verb      | asks                                                     | fields                       |
 * |-----------|----------------------------------------------------------|------------------------------|
 * | `alive`   | is anybody there?                                        |                              |
 * | `mail`    | may this sender come in?                                 | `from`                       |
 * | `rcpt`    | may mail come in for this recipient?                     | `from` `to`, `hop` if routed |
 * | `deliver` | may mail go out to it; with an empty `from`, a notice?   | `from` `to` `hop`            |
 *
 * Besides them `ip` and `helo` tell of the client and `id` of the message; an empty one is not known.
 * `hop` is the domain whose MX Exim is about to look up. Without it Exim has not said where the mail
 * goes. The lines that ask stand in foreign/exim/guard-lines.ts.
 *
 * Strangers write all of the values. In base64 (`${base64:...}`, any bytes) they hold neither blanks
 * nor line ends, so that no field runs into the next one. Names that we do not know are left out.
 */

export type ReadsocketRequest =
  | { readonly kind: 'alive' }
  | (Asker & { readonly kind: 'mail'; readonly reversePath: string })
  | (Asker & Route & { readonly kind: 'rcpt'; readonly host: string | null })
  | (Asker & Route & { readonly kind: 'deliver'; readonly host: string })
  | { readonly kind: 'fault'; readonly problem: string };

interface Asker {
  readonly address: string | null;
  readonly helo: string | null;
  readonly queueId: string | null;
}

interface Route {
  readonly reversePath: string;
  readonly forwardPath: string;
}

/** Bytes, the line end included. Exim takes command lines of 16 KB; base64 adds a third. */
export const longestRequest = 65_536;

/** The line within the bytes that came so far, without its end; null where more must come. */
export function findRequest(bytes: Buffer, isEnded: boolean): string | null {
  const end = bytes.indexOf(0x0a);
  if (end < 0 && !isEnded) return null;
  const line = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Reads a line, given with one character for each byte; any text is answered. */
export function parseRequest(line: string): ReadsocketRequest {
  const [protocol, verb, ...pairs] = line.split(' ');
  if (protocol !== 'spillway/1') return fault('it does not begin with "spillway/1"');
  const fields = readFields(pairs);
  if (typeof fields === 'string') return fault(fields);
  const asker: Asker = {
    address: fields.get('ip') || null,
    helo: fields.get('helo') || null,
    queueId: fields.get('id') || null,
  };
  const [reversePath, forwardPath] = [fields.get('from'), fields.get('to')];
  const host = fields.get('hop') || null;
  switch (verb) {
    case 'alive':
      return { kind: 'alive' };
    case 'mail':
      if (reversePath === undefined) return fault('"mail" without "from"');
      return { kind: 'mail', ...asker, reversePath };
    case 'rcpt':
      if (reversePath === undefined || !forwardPath) return fault('"rcpt" without "from" and "to"');
      return { kind: 'rcpt', ...asker, reversePath, forwardPath, host };
    case 'deliver':
      if (reversePath === undefined || !forwardPath || host === null)
        return fault('"deliver" without "from", "to" and "hop"');
      return { kind: 'deliver', ...asker, reversePath, forwardPath, host };
    default:
      return fault('a verb that is none of ours');
  }
}

/** The line of a request with its end, as Exim builds it; for tests and for asking on Exim's behalf. */
export function formatRequest(verb: string, fields: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${name}=${Buffer.from(value).toString('base64')}`,
  );
  return `${['spillway/1', verb, ...pairs].join(' ')}\n`;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What is wrong instead, as a sentence. */
function readFields(pairs: readonly string[]): Map<string, string> | string {
  const fields = new Map<string, string>();
  for (const pair of pairs) {
    const found = /^([a-z]{1,16})=(.*)$/.exec(pair);
    const [, name = '', value = ''] = found ?? [];
    if (!found || !base64.test(value)) return `field ${fields.size + 1} is no name=base64`;
    if (fields.has(name)) return `the field "${name}" stands there twice`;
    // Bytes that are no UTF-8 become U+FFFD, which no domain has.
    fields.set(name, Buffer.from(value, 'base64').toString('utf8'));
  }
  return fields;
}

function fault(problem: string): ReadsocketRequest {
  return { kind: 'fault', problem };
}
