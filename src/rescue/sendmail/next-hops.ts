/**
 * Where sendmail would send, by its own rules: `sendmail -bt` delivers nothing and expands no alias.
 */
import {
  neighbourOf,
  parseQuestion,
  readParseAnswers,
} from '../../foreign/sendmail/parse-answers.ts';
import type { Root } from '../../machine/root.ts';
import { type NextHop, unresolved } from '../../mail/envelope.ts';

/** Addresses for one process: names that DNS does not answer cost seconds each. */
const shareSize = 20;
const mostProcesses = 5;
/** Its own patience with name servers is minutes; one that answers at all answers within this. */
const patience = ['-OTimeout.resolver.retrans=1s', '-OTimeout.resolver.retry=1'];

/**
 * Never rejects. The domain decides: where an address itself is odd, another one of its domain is asked
 * about, so that nobody hides a domain that the admin routes behind an odd address.
 */
export async function askNextHops(
  root: Root,
  program: string,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, NextHop>> {
  const known = await ask(root, program, addresses);
  const neighbours = new Map<string, string>();
  for (const address of addresses) {
    const neighbour = known.has(address) ? null : neighbourOf(address);
    if (neighbour !== null) neighbours.set(address, neighbour);
  }
  const more = await ask(root, program, [...neighbours.values()]);
  for (const [address, neighbour] of neighbours) {
    const answer = more.get(neighbour);
    if (answer) known.set(address, answer);
  }
  return known;
}

async function ask(
  root: Root,
  program: string,
  addresses: readonly string[],
): Promise<Map<string, NextHop>> {
  const known = new Map<string, NextHop>();
  const questions = [...new Set(addresses)].flatMap((address) => {
    const question = parseQuestion(address);
    return question === null ? [] : [{ address, question }];
  });
  async function askShare(share: typeof questions): Promise<void> {
    const input = share.map(({ question }) => question).join('');
    const { status, stdout } = await root.run('/', [program, ...patience, '-bt'], input);
    if (status === null) {
      // It took too long over one of them, which the others shall not pay for.
      const [first, ...others] = share;
      if (others.length > 0) for (const one of share) await askShare([one]);
      else if (first) known.set(first.address, unresolved);
      return;
    }
    const answers = readParseAnswers(stdout, share.length);
    share.forEach(({ address }, i) => {
      const answer = answers[i];
      if (answer) known.set(address, answer);
    });
  }
  const shares = Array.from({ length: Math.ceil(questions.length / shareSize) }, (_, i) =>
    questions.slice(i * shareSize, (i + 1) * shareSize),
  );
  const work = async () => {
    for (let share = shares.shift(); share; share = shares.shift()) await askShare(share);
  };
  await Promise.all(Array.from({ length: mostProcesses }, work));
  return known;
}
