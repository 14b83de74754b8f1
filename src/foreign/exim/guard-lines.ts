// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expansions of Exim.
/**
 * The lines that make Exim ask the guard, for its ACLs and its routers; proved on Exim 4.96.
 *
 * The question and the answer are told in wire/readsocket. Whatever is no answer, also rubbish, a
 * guard that is away or takes longer than 10 s, is taken for `accept` with `open`, and with `closed`
 * for a deferral.
 *
 * - Only the router knows that Exim is about to look up an MX, so it alone names a next hop. It stands
 *   right before a router that does so, with the same preconditions: mail that Exim routes by name, or
 *   to a mailbox, never comes to it.
 * - At RCPT `verify = recipient` leads Exim through its routers, ours among them, so that a dead end is
 *   refused there. What else fails to verify is left to the lines that follow. The router tells the ACL
 *   through `address_data`; it keeps one of yours.
 * - Answers of the guard are tainted; here they end up in messages only.
 */
import type { FailureMode } from '../../mail/failure-mode.ts';
import { parseGuardEndpoint } from '../guard-endpoint.ts';

export interface EximGuard {
  /** `127.0.0.1:9995`, `[::1]:9995` or `unix:/path`. */
  readonly readsocket: string;
  readonly onFailure: FailureMode;
}

export const defaultEximGuard: EximGuard = { readsocket: '127.0.0.1:9995', onFailure: 'open' };

/** Null for what Exim could not read: a path with signs that mean something to it, a host name. */
export function formatEximSocket(text: string): string | null {
  const endpoint = parseGuardEndpoint(text);
  if (endpoint === null) return null;
  return 'path' in endpoint ? endpoint.path : `inet:${text}`;
}

/** For the ACL of MAIL. Throws TypeError for a socket that Exim could not read. */
export function mailLines(guard: EximGuard): string[] {
  return ['  warn', `    set acl_m_spillway = ${ask(guard, 'mail', [])}`, ...obey(guard)];
}

/** For the ACL of RCPT. Throws TypeError for a socket that Exim could not read. */
export function rcptLines(guard: EximGuard): string[] {
  return [
    '  warn',
    `    set acl_m_spillway = ${ask(guard, 'rcpt', [recipient])}`,
    ...obey(guard),
    '  warn',
    '    !verify = recipient/defer_ok',
    '  deny',
    '    condition = ${if match{$address_data}{^spillway: refuse }}',
    '    message = ${sg{$address_data}{^spillway: refuse }{}}',
    '  defer',
    '    condition = ${if match{$address_data}{^spillway: defer }}',
    '    message = ${sg{$address_data}{^spillway: defer }{}}',
  ];
}

/**
 * A router. `preconditions` are those of the router behind it, which looks up the MX. Throws TypeError
 * for a socket that Exim could not read.
 */
export function routerLines(
  guard: EximGuard,
  name: string,
  preconditions: readonly string[],
): string[] {
  const verb = '${if eq{$verify_mode}{}{deliver}{rcpt}}';
  const question = ask(guard, verb, ['id=${base64:$message_exim_id}', recipient, hop]);
  const away = guard.onFailure === 'open' ? '' : `:defer: ${noAnswer}`;
  return [
    `${name}:`,
    '  driver = redirect',
    ...preconditions.map((line) => `  ${line}`),
    '  no_verify_sender',
    '  allow_fail',
    '  allow_defer',
    `  set = r_spillway = ${question}`,
    `  address_data = \${if match{$r_spillway}{${refusal}|${deferral}}{spillway: $r_spillway}{${
      guard.onFailure === 'open'
        ? '$address_data'
        : `\${if match{$r_spillway}{${pass}}{$address_data}{spillway: defer ${noAnswer}}}`
    }}}`,
    `  data = \${if match{$r_spillway}{${refusal}}{:fail: \${sg{$r_spillway}{^refuse }{}}}\\`,
    `    {\${if match{$r_spillway}{${deferral}}{:defer: \${sg{$r_spillway}{^defer }{}}}\\`,
    `    {\${if match{$r_spillway}{${drop}}{:blackhole:}\\`,
    `    {\${if match{$r_spillway}{\\N^accept$\\N}{}{${away}}}}}}}}}`,
  ];
}

/** Whether a line asks the guard; about this, where a verb is given. */
export function isQuestion(line: string, verb = ''): boolean {
  return line.includes(`{spillway/1 ${verb}`);
}

/** s for an answer, to which the guard itself gives 8, DNS included: when that is slow, it says so. */
const patience = 10;

const noAnswer = '451 4.3.2 Mail is not checked at the moment';
const refusal = '\\N^refuse 5\\d\\d 5\\.\\d+\\.\\d+ [\\w. -]*$\\N';
const deferral = '\\N^defer 4\\d\\d 4\\.\\d+\\.\\d+ [\\w. -]*$\\N';
const drop = '\\N^discard [\\w-]+$\\N';
const pass = '\\N^(accept|discard [\\w-]+)$\\N';

const recipient = 'to=${base64:${quote_local_part:$local_part}@$domain}';
const hop = 'hop=${base64:$domain}';

function ask({ readsocket }: EximGuard, verb: string, more: readonly string[]): string {
  const socket = formatEximSocket(readsocket);
  if (socket === null) throw new TypeError(`no endpoint: ${readsocket}`);
  const fields = [
    'ip=${base64:$sender_host_address}',
    'helo=${base64:$sender_helo_name}',
    'from=${base64:$sender_address}',
    ...more,
  ];
  return `\${readsocket{${socket}}{spillway/1 ${verb} ${fields.join(' ')}\\n}{${patience}s}{}{}}`;
}

function obey({ onFailure }: EximGuard): string[] {
  const when = (pattern: string) => `    condition = \${if match{$acl_m_spillway}{${pattern}}}`;
  const text = (word: string) => `\${sg{$acl_m_spillway}{^${word} }{}}`;
  const away = ['  defer', `    condition = \${if !match{$acl_m_spillway}{${pass}}}`];
  return [
    '  deny',
    when(refusal),
    `    message = ${text('refuse')}`,
    '  discard',
    when(drop),
    '  defer',
    when(deferral),
    `    message = ${text('defer')}`,
    ...(onFailure === 'open' ? [] : [...away, `    message = ${noAnswer}`]),
  ];
}
