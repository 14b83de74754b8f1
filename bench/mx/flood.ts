/**
 * A flood of recipients that do not exist, as an actor in the world: transactions of MAIL, so many RCPT
 * and RSET in one piece, over so many connections, each with one piece on its way. Where PIPELINING is
 * not offered, a piece is one command.
 */
import { connect } from 'node:net';

export interface FloodOptions {
  readonly address: string;
  readonly port: number;
  readonly connections: number;
  /** Recipients of one transaction. */
  readonly recipients: number;
  readonly sender: string;
  readonly domain: string;
}

export interface FloodCounts {
  /** RCPT answered with 5xx, and with anything else. */
  readonly refused: number;
  readonly others: number;
  readonly connections: number;
  /** A reply that was none of 2xx to MAIL and RSET, 5xx to RCPT. */
  readonly odd: string | null;
}

/** Each name once in so many transactions. */
const transactions = 2000;

export async function start(options: FloodOptions) {
  const { address, port, recipients, sender, domain } = options;
  let name = 0;
  const flood = Array.from({ length: transactions }, () => {
    const rcpt = () => Buffer.from(`RCPT TO:<u${(name++ * 7919).toString(36)}@${domain}>\r\n`);
    const all = Array.from({ length: recipients }, rcpt);
    const commands = [Buffer.from(`MAIL FROM:<${sender}>\r\n`), ...all, Buffer.from('RSET\r\n')];
    return { commands, whole: Buffer.concat(commands) };
  });
  let isOn = false;
  let at = 0;
  let refused = 0;
  let others = 0;
  let connections = 0;
  let odd: string | null = null;
  const idle: (() => void)[] = [];

  const open = () => {
    if (!isOn) return void idle.push(open);
    connections++;
    const socket = connect({ host: address, port, noDelay: true });
    let isPipelined = false;
    let transaction = flood[0];
    /** Replies until the next transaction: of the greeting, then of EHLO, then of a transaction. */
    let awaited = 1;
    let phase: 'greeting' | 'hello' | 'flood' = 'greeting';
    let rest: Buffer = Buffer.alloc(0);
    const next = () => {
      if (phase === 'greeting') {
        phase = 'hello';
        awaited = 1;
        return void socket.write('EHLO flood.example\r\n');
      }
      phase = 'flood';
      if (!isOn) return void idle.push(next);
      awaited = recipients + 2;
      transaction = flood[at++ % transactions];
      socket.write((isPipelined ? transaction?.whole : transaction?.commands[0]) ?? '');
    };
    const reply = (line: Buffer, from: number) => {
      if (phase === 'flood' && awaited > 1 && awaited <= recipients + 1) {
        if (line[from] === 0x35) refused++;
        else others++;
      } else if (line[from] !== 0x32) odd ??= line.toString('latin1', from, from + 100);
      if (--awaited === 0) next();
      else if (phase === 'flood' && !isPipelined)
        socket.write(transaction?.commands[recipients + 2 - awaited] ?? '');
    };
    socket.on('data', (chunk: Buffer) => {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      if (phase === 'hello') isPipelined ||= bytes.includes('PIPELINING');
      let from = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
        // A hyphen after the code: more lines of this reply follow.
        if (bytes[from + 3] !== 0x2d) reply(bytes, from);
        from = end + 1;
      }
      rest = bytes.subarray(from);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => setTimeout(open, 5));
  };
  for (let i = 0; i < options.connections; i++) open();

  return {
    begin() {
      isOn = true;
      for (const go of idle.splice(0)) go();
    },
    /** What has been counted since the last time. */
    counts(): FloodCounts {
      const counted = { refused, others, connections, odd };
      refused = others = connections = 0;
      odd = null;
      return counted;
    },
    end() {
      isOn = false;
    },
  };
}
