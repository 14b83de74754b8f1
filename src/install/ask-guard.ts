/**
 * Asks a guard over its own sockets, as a mail server would: is anybody there, and is it the right one?
 */
import { createConnection } from 'node:net';
import { outside, type Root } from '../machine/root.ts';
import { parseEndpoint } from '../mail/endpoint.ts';
import { parseAnswer } from '../wire/filter/answers.ts';
import { formatFrame, formatUint32, parseFrames } from '../wire/milter/frames.ts';
import { formatRequest } from '../wire/readsocket/request.ts';
import { formatNetstring, parseNetstrings } from '../wire/socketmap/netstrings.ts';
import { type Step, trouble, waiting, well } from './report.ts';

/** ms for connecting and for the answer. */
const patience = 5_000;
const longest = 65_536;

/** The answer in text, or why there is none. */
export type Asked =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'silence'; readonly why: string };

export function askSocketmap(root: Root, endpoint: string): Promise<Asked> {
  return ask(root, endpoint, Buffer.from(formatNetstring('guard_alive alive')), (bytes) => {
    const [event] = parseNetstrings(bytes, longest).events;
    if (!event) return null;
    return event.kind === 'string' ? event.data.toString('latin1') : event.problem;
  });
}

/** Offers version 6 with nothing to skip and nothing to change; a milter answers with its own terms. */
export function askMilter(root: Root, endpoint: string): Promise<Asked> {
  const offer = formatFrame('O', formatUint32(6), formatUint32(0x1ff), formatUint32(0x1fffff));
  return ask(root, endpoint, Buffer.from(offer), (bytes) => {
    const [event] = parseFrames(bytes, longest).events;
    if (!event) return null;
    if (event.kind === 'fault') return event.problem;
    const version = event.body.length >= 4 ? Buffer.from(event.body).readUInt32BE(0) : 0;
    return `${event.command} version ${version}`;
  });
}

/** About nothing; a policy server of ours answers `action=DUNNO`. */
export function askPolicy(root: Root, endpoint: string): Promise<Asked> {
  const question = 'request=smtpd_access_policy\nprotocol_state=CONNECT\n\n';
  return ask(root, endpoint, Buffer.from(question), (bytes) => {
    const text = bytes.toString('latin1');
    const end = text.indexOf('\n\n');
    return end < 0 ? null : text.slice(0, end);
  });
}

/** Says nothing: a server of SMTP speaks first. */
export function askSmtp(root: Root, endpoint: string): Promise<Asked> {
  return ask(root, endpoint, Buffer.alloc(0), (bytes) => {
    const text = bytes.toString('latin1');
    return text.includes('\n') ? text.trim() : null;
  });
}

/**
 * As smtpd does through its filter: `sender` is that of a client, `notice` whom smtpd itself would send a
 * notice to. The answer is `proceed`, or `reject|550 ...`.
 */
export function askFilter(
  root: Root,
  endpoint: string,
  kind: 'sender' | 'notice',
  address: string,
): Promise<Asked> {
  const line = (stream: string, name: string, more: string): string =>
    `${stream}|0.7|0.0|smtp-in|${name}|1|${more}\n`;
  const question = {
    sender: [
      line('report', 'link-connect', 'localhost|pass|127.0.0.1:25|127.0.0.1:25'),
      line('filter', 'mail-from', `1|${address}`),
    ],
    notice: [
      line('report', 'link-connect', 'localhost|pass|unix:/smtpd.sock|unix:/smtpd.sock'),
      line('report', 'tx-mail', '00000000|ok|'),
      line('filter', 'rcpt-to', `1|${address}`),
    ],
  };
  const said = `config|ready\n${question[kind].join('')}`;
  return ask(root, endpoint, Buffer.from(said), (bytes) => {
    const lines = bytes.toString('latin1').split('\n').slice(0, -1);
    for (const text of lines) {
      const read = parseAnswer(text);
      if (read.kind === 'answer')
        return read.answer.kind === 'proceed' ? 'proceed' : `reject|${read.answer.reply}`;
      if (read.kind === 'fault') return text;
    }
    return null;
  });
}

/** The guard answers and closes. */
export function askReadsocket(root: Root, endpoint: string): Promise<Asked> {
  return ask(root, endpoint, Buffer.from(formatRequest('alive')), (bytes) => {
    const text = bytes.toString('latin1');
    return text.endsWith('\n') ? text.trimEnd() : null;
  });
}

/** How the answer of one of ours begins, whatever is asked. */
const ours = {
  socketmap: /^OK /,
  milter: /^O version [2-6]$/,
  policy: /^action=DUNNO$/,
  readsocket: /^accept$/,
  sink: /^220 /,
  filter: /^(proceed|reject)\b/,
} as const;
export type Door = keyof typeof ours;

/** Who answers at a door. */
export type Answering = 'guard' | 'somebody else' | 'nobody';

export function whoAnswers(
  door: Door,
  endpoint: string,
  asked: Asked,
): { readonly who: Answering; readonly found: string } {
  if (asked.kind === 'silence')
    return { who: 'nobody', found: `the guard does not answer at ${endpoint}: ${asked.why}` };
  const who = ours[door].test(asked.text) ? 'guard' : 'somebody else';
  const name = who === 'guard' ? 'the guard' : who;
  return { who, found: `${name} answers at ${endpoint}: ${asked.text}` };
}

const outcomes = { guard: well, 'somebody else': trouble, nobody: waiting } as const;

/** What an answer says of the guard, as a step; its name is the door's, if it has no other. */
export function listening(door: Door, endpoint: string, asked: Asked, name: string = door): Step {
  const { who, found } = whoAnswers(door, endpoint, asked);
  return outcomes[who](name, found);
}

function ask(
  root: Root,
  endpoint: string,
  question: Buffer,
  read: (bytes: Buffer) => string | null,
): Promise<Asked> {
  const { promise, resolve } = Promise.withResolvers<Asked>();
  // By a name as well: a configuration that somebody wrote by hand may have one.
  const parsed = parseEndpoint(endpoint);
  if (!parsed) return Promise.resolve({ kind: 'silence', why: 'neither host:port nor unix:/path' });
  const place = 'path' in parsed ? { path: outside(root, parsed.path) } : parsed;
  const socket = createConnection(place);
  const end = (asked: Asked): void => {
    socket.destroy();
    resolve(asked);
  };
  let bytes = Buffer.alloc(0);
  socket.setTimeout(patience, () => end({ kind: 'silence', why: `no answer in ${patience} ms` }));
  socket.on('error', (error) => end({ kind: 'silence', why: error.message }));
  socket.on('close', () => end({ kind: 'silence', why: 'it closed the connection' }));
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    const text = read(bytes);
    if (text !== null) end({ kind: 'answer', text });
    else if (bytes.length > longest) end({ kind: 'silence', why: 'an answer without end' });
  });
  socket.write(question);
  return promise;
}
