/**
 * Where sendmail would send, by its own rules: `sendmail -bt` delivers nothing and expands no alias.
 */
import {
  neighbourOf,
  parseQuestion,
  readParseAnswers,
} from '../../foreign/sendmail/parse-answers.ts';
import type { Root } from '../../machine/root.ts';
import type { NextHop } from '../../mail/envelope.ts';

/** Names that DNS does not answer cost seconds each. */
const mostAtOnce = 100;

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
  const shares = Array.from({ length: Math.ceil(questions.length / mostAtOnce) }, (_, i) =>
    questions.slice(i * mostAtOnce, (i + 1) * mostAtOnce),
  );
  await Promise.all(
    shares.map(async (share) => {
      const input = share.map(({ question }) => question).join('');
      const { status, stdout } = await root.run('/', [program, '-bt'], input);
      if (status === null) return;
      const answers = readParseAnswers(stdout, share.length);
      share.forEach(({ address }, i) => {
        const answer = answers[i];
        if (answer) known.set(address, answer);
      });
    }),
  );
  return known;
}
