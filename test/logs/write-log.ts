/**
 * A day of a busy mail server as its log: lines as the real servers wrote them, with other messages in them.
 *
 * Ordinary mail, in and out, refusals of spam, mail that waits; and for an hour a flood in the name of one sender that
 * the server takes and sends notices about. Lines of several messages are mixed, names come again as they do.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Mta } from '../../src/foreign/queue-entry.ts';
import { type Random, seededRandom } from '../../src/replay/random.ts';
import { inventMailbox } from '../../src/replay/wording.ts';
import { type Letter, linesOf } from './letter-lines.ts';

const day = 86_400;
/** Messages whose lines are mixed. */
const atOnce = 12;
const blockSize = 1 << 20;

export interface WrittenLog {
  readonly bytes: number;
  readonly lines: number;
  readonly messages: number;
}

export interface DayOptions {
  readonly mta: Mta;
  /** About as many. */
  readonly bytes: number;
  /** Whether it has the flood. */
  readonly isFlooded: boolean;
}

const seed = 'story';

/** The same options write the same log. */
export async function writeLog(
  path: string,
  { mta, bytes, isFlooded }: DayOptions,
): Promise<WrittenLog> {
  const random = seededRandom(seed);
  const file = createWriteStream(path);
  const begin = new Date(2026, 8, 5).getTime() / 1000;
  let [written, lines, messages] = [0, 0, 0];
  let block: string[] = [];
  let blockLength = 0;
  const active: string[][] = [];

  async function flush(): Promise<void> {
    const text = block.join('');
    block = [];
    blockLength = 0;
    if (!file.write(text, 'latin1')) await once(file, 'drain');
  }

  while (written < bytes) {
    const share = written / bytes;
    while (active.length < atOnce) {
      active.push(
        linesOf(mta, letterOf(random, messages, isFlooded && share > 0.4 && share < 0.5)).reverse(),
      );
      messages++;
    }
    const at = random.integer(active.length);
    const body = active[at]?.pop();
    if (body === undefined) {
      active.splice(at, 1);
      continue;
    }
    const line = `${stampOf(mta, begin + share * day)}${body}\n`;
    block.push(line);
    blockLength += line.length;
    written += line.length;
    lines++;
    if (blockLength >= blockSize) await flush();
  }
  await flush();
  file.end();
  await once(file, 'finish');
  return { bytes: written, lines, messages };
}

let lastSecond = -1;
let lastStamp = '';

function stampOf(mta: Mta, seconds: number): string {
  const second = Math.floor(seconds);
  if (second !== lastSecond) {
    lastSecond = second;
    const two = (value: number) => String(value).padStart(2, '0');
    const date = new Date(second * 1000);
    const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
    lastStamp =
      mta === 'exim'
        ? `2026-09-${two(date.getDate())} ${clock} `
        : `Sep ${String(date.getDate()).padStart(2)} ${clock} mx `;
  }
  return lastStamp;
}

function letterOf(random: Random, number: number, isFlood: boolean): Letter {
  const ours = () => inventMailbox(random, `site-${random.integer(300)}.example`);
  const others = () => inventMailbox(random, `provider-${random.integer(2000)}.example`);
  const client = `198.${18 + random.integer(2)}.${random.integer(250)}.${1 + random.integer(250)}`;
  const common = {
    number,
    client,
    size: 1500 + random.integer(60_000),
    pid: 1000 + random.integer(30),
  };
  if (isFlood && random.integer(10) < 8)
    return {
      ...common,
      kind: 'flood',
      from: 'nicholas@seaton.biz',
      to: Array.from({ length: 5 }, ours),
    };
  const dice = random.integer(100);
  const kind =
    dice < 55 ? 'in' : dice < 75 ? 'out' : dice < 92 ? 'refused' : dice < 98 ? 'waits' : 'bounced';
  const isOut = kind === 'out' || kind === 'waits';
  return {
    ...common,
    kind,
    from: isOut ? ours() : others(),
    to: [isOut ? others() : ours()],
  };
}
