/**
 * The sendmail binary as a witness: what it can do, whether it takes a configuration, and how its
 * rules answer (`sendmail -bt`, `-bv`).
 */
import { failureOf } from '../machine/failure.ts';
import type { Root } from '../machine/root.ts';

/** What it says against a configuration, without places in it; empty if it takes it. */
export async function complaints(root: Root, program: string, cf: string): Promise<string[]> {
  const ran = await root.run('/', [program, '-C', cf, '-bt']);
  const { status, stdout, stderr } = ran;
  const said = `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(ADDRESS TEST MODE|Enter <ruleset>|> ?$)/.test(line))
    // The rule that waits is added to a ruleset that is there.
    .filter((line) => line !== 'WARNING: Ruleset ParseLocal has multiple definitions')
    .map((line) => line.replaceAll(cf, 'sendmail.cf').replace(/: line \d+:/, ':'));
  return status === 0 || said.length > 0 ? said : [failureOf('sendmail -bt', ran)];
}

/**
 * What ruleset check_compat returns for a pair, in sendmail's own notation; null if it says nothing.
 * `complaint` is why it could not ask, or did not say.
 */
export async function askCompat(
  root: Root,
  program: string,
  cf: string,
  sender: string,
  recipient: string,
): Promise<{ said: string | null; complaint: string | null }> {
  const question = `guard_pair,check_compat ${sender} $| ${recipient}\n`;
  const ran = await root.run('/', [program, '-C', cf, '-bt'], question);
  const said = /^check_compat\s+returns: (.*)$/m.exec(ran.stdout)?.[1]?.trim() ?? null;
  const complaint = /^.*socket[ _]map.*$/m.exec(ran.stdout)?.[0] ?? null;
  return { said, complaint: complaint ?? (said === null ? failureOf('sendmail', ran) : null) };
}

/** Where it would deliver an address: `deliverable: mailer local, user root`. */
export async function verify(
  root: Root,
  program: string,
  cf: string,
  address: string,
): Promise<{ deliverable: boolean; said: string }> {
  const { stdout, stderr } = await root.run('/', [program, '-C', cf, '-bv', address]);
  const said = (stdout || stderr).trim().split('\n').at(-1) ?? '';
  return { deliverable: said.includes('deliverable: mailer'), said };
}
