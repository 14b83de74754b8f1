/**
 * The mail server's side of the milter protocol, for tests: commands as bytes, replies as text.
 */
import {
  formatFrame,
  formatStrings,
  formatUint32,
  parseFrames,
} from '../../src/wire/milter/frames.ts';

/** What sendmail 8.17 offers. */
const allActions = 0x1ff;
export const allSteps = 0x1fffff;

/** Each makes one frame. */
export const mta = {
  negotiate: (version = 6, actions = allActions, protocol = allSteps) =>
    formatFrame('O', formatUint32(version), formatUint32(actions), formatUint32(protocol)),
  macros: (stage: string, values: Readonly<Record<string, string>> = {}) =>
    formatFrame('D', Buffer.from(stage), formatStrings(...Object.entries(values).flat())),
  connect: (host = 'client.example', address = '192.0.2.7', port = 4025, family = '4') =>
    formatFrame(
      'C',
      formatStrings(host),
      Buffer.from(family),
      ...(family === 'U' ? [] : [Buffer.from([port >> 8, port & 255]), formatStrings(address)]),
    ),
  helo: (name = 'client.example') => formatFrame('H', formatStrings(name)),
  mail: (path: string, ...parameters: string[]) =>
    formatFrame('M', formatStrings(path, ...parameters)),
  rcpt: (path: string, ...parameters: string[]) =>
    formatFrame('R', formatStrings(path, ...parameters)),
  data: () => formatFrame('T'),
  header: (name: string, value: string) => formatFrame('L', formatStrings(name, value)),
  endOfHeaders: () => formatFrame('N'),
  body: (text: string) => formatFrame('B', Buffer.from(text)),
  endOfMessage: (text = '') => formatFrame('E', Buffer.from(text)),
  unknown: (line: string) => formatFrame('U', formatStrings(line)),
  abort: () => formatFrame('A'),
  quit: () => formatFrame('Q'),
  quitNewConnection: () => formatFrame('K'),
};

/** Replies as a person reads them: `c`, `y 550 5.7.27 Sender domain takes no mail`, `O 6 128 ...`. */
export function readReplies(bytes: Uint8Array): string[] {
  const { events, rest } = parseFrames(bytes, 1 << 20);
  const texts = events.map((event) => {
    if (event.kind === 'fault') return `fault: ${event.problem}`;
    const body = Buffer.from(event.body);
    if (event.command === 'O') {
      const words = [0, 4, 8].map((at) => `0x${body.readUInt32BE(at).toString(16)}`);
      return `O ${words.join(' ')}${body.length > 12 ? ' with macro lists' : ''}`;
    }
    const text = body.toString('latin1');
    return text.endsWith('\0') ? `${event.command} ${text.slice(0, -1)}` : event.command + text;
  });
  return rest.length > 0 ? [...texts, `and ${rest.length} bytes`] : texts;
}
