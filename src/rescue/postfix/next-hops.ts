/**
 * Where Postfix would send: its own resolver is asked, trivial-rewrite(8), which knows every table.
 *
 * Through the socket in the queue's folder where Postfix runs; else the program itself is started for
 * each address. Nothing of an address ever becomes part of a command.
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import { formatResolve, resolvable, takeAnswer } from '../../foreign/postfix/attributes.ts';
import { outside, type Root } from '../../machine/root.ts';
import type { NextHop } from '../../mail/envelope.ts';

export interface ResolverPlace {
  readonly root: Root;
  /** All as they are called inside of the root. */
  readonly configFolder: string;
  readonly queueFolder: string;
  readonly daemonFolder: string;
}

const patience = 20_000;

export async function askNextHops(
  place: ResolverPlace,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, NextHop>> {
  const questions = addresses.flatMap((address) => {
    const inside = resolvable(address);
    return inside === null ? [] : [{ address, inside }];
  });
  const hops: (NextHop | null)[] = [];
  // It hangs up when it is reloaded, or a table has changed: the rest is asked anew.
  while (hops.length < questions.length) {
    const more = await askSocket(place, questions.slice(hops.length));
    if (!more) break;
    hops.push(...more);
  }
  const rest = questions.slice(hops.length);
  if (rest.length > 0) hops.push(...((await askProgram(place, rest)) ?? []));
  return new Map(
    questions.flatMap(({ address }, index) => {
      const hop = hops[index];
      return hop ? [[address, hop] as const] : [];
    }),
  );
}

interface Asked {
  readonly address: string;
  /** As Postfix has it inside. */
  readonly inside: string;
}

/** The answers so far, in order; null: nobody answers at all. */
async function askSocket(
  { root, queueFolder }: ResolverPlace,
  questions: readonly Asked[],
): Promise<(NextHop | null)[] | null> {
  const path = join(outside(root, queueFolder), 'private/rewrite');
  return await new Promise((done) => {
    const hops: (NextHop | null)[] = [];
    let bytes: Buffer = Buffer.alloc(0);
    const socket = connect({ path });
    const end = () => {
      socket.destroy();
      done(hops.length === 0 ? null : hops);
    };
    // One after the other: it reads one question at a time.
    const ask = () => {
      const next = questions[hops.length];
      if (next) socket.write(formatResolve(next.inside));
      else end();
    };
    socket.setTimeout(patience, end);
    socket.on('error', end).on('close', end).on('connect', ask);
    socket.on('data', (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      for (let taken = takeAnswer(bytes); taken; taken = takeAnswer(bytes)) {
        bytes = taken.rest;
        hops.push(taken.hop);
        ask();
      }
    });
  });
}

/** Its stand-alone mode answers one question; 1 divides the answers, as no address holds it. */
const script = `
program=$0
while IFS= read -r address; do
  printf 'request\\0resolve\\0sender\\0\\0address\\0%s\\0\\0' "$address" | timeout 5 "$program" -S
  printf '\\001'
done`;

async function askProgram(
  { root, configFolder, queueFolder, daemonFolder }: ResolverPlace,
  questions: readonly Asked[],
): Promise<(NextHop | null)[] | null> {
  const lines = questions.map(({ inside }) => `${Buffer.from(inside).toString('latin1')}\n`);
  const program = join(daemonFolder, 'trivial-rewrite');
  const { status, stdout } = await root.run(
    queueFolder,
    ['env', `MAIL_CONFIG=${configFolder}`, 'sh', '-c', script, program],
    lines.join(''),
  );
  if (status !== 0) return null;
  return stdout
    .split('\u0001')
    .slice(0, questions.length)
    .map((answer) => takeAnswer(Buffer.from(answer, 'latin1'))?.hop ?? null);
}
