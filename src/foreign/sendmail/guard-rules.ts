/**
 * The lines that make sendmail ask the guard: maps, rulesets and the milter, as sendmail.cf has them.
 *
 * Proved on sendmail 8.17.1.9; the reasons, where they are not obvious:
 *
 * - `check_compat` is asked before each delivery, queue runs and sendmail's own notices included, and
 *   is the only place that has both sender and recipient. A discard there takes that recipient only.
 * - `$h` is the host of the first recipient of a delivery, and no macro holds the mailer. So the
 *   recipient goes through rulesets 3 and 0 once more, and the guard hears what they make of it.
 * - Only what goes out by SMTP is asked about: mail for mailboxes, programs and files never waits.
 * - The left side of a rule cannot match `$:`. But a look-up takes `$@` for its next argument and `$:`
 *   for its default, and a dequote map fails for a word without quotes and takes empty quotes off
 *   anything else: so `"" HOST $: USER` gives HOST, and `x $@ HOST $: USER` gives USER.
 * - Flags: -f and -q keep case and quotes of the key, -t keeps a failed look-up out of the state of
 *   the message. A failed look-up takes the default, `pass`.
 * - check_compat must never answer `$#error` with a 4.x.x code. sendmail takes the first failure of a
 *   process for the status of the second, so that the good recipient beside an unknown one, and every
 *   fresh notice, would fail for good. Waiting is arranged where addresses are parsed instead: there a
 *   look-up that fails, in a map without -t, leaves the recipient in the queue.
 * - `$#error` with a 5.x.x code is safe. sendmail derives the code of its report from $@.
 */
import { formatSendmailSocket, type GuardSettings } from './guard-settings.ts';

/** How long a look-up may take; the guard needs 4 s at most where DNS is slow. */
const lookupTimeout = '10s';
/** Connecting, sending, waiting for an answer, waiting for the verdict on a whole message. */
const milterTimeouts = 'C:10s;S:10s;R:20s;E:1m';

export const filterName = 'spillway';
/** sendmail's own mailers that speak SMTP. Another one is the operator's decision. */
export const guardedMailers = ['smtp', 'esmtp', 'smtp8', 'dsmtp', 'relay'] as const;
/** Names that we define and nobody else may. */
export const ownMaps = ['guard', 'guard_alive', 'guard_rest'] as const;
export const ownRulesets = ['check_compat', 'guard_pair', 'guard_wait'] as const;

export function mapLines({ socketmap, onFailure }: GuardSettings): string[] {
  const socket = formatSendmailSocket(socketmap);
  const lines = [
    '# Asked about: what goes out through these mailers. A failed look-up lets the mail pass.',
    `C{GuardMailer}${guardedMailers.join(' ')}`,
    `Kguard socket -f -q -t -d${lookupTimeout} ${socket}`,
    'Kguard_rest dequote',
  ];
  return onFailure === 'closed'
    ? [...lines, `Kguard_alive socket -d${lookupTimeout} ${socket}`]
    : lines;
}

/** The rule that sends what is parsed through `guard_wait`; it belongs into ruleset ParseLocal. */
export const waitRule = 'R$*\t$: $>guard_wait $1';

export function rulesetLines({ onFailure }: GuardSettings): string[] {
  return [
    ...compatRuleset,
    ...(onFailure === 'closed' ? waitRuleset : []),
    '# For sendmail -bt, where the separator cannot be typed: guard_pair,check_compat FROM $| TO',
    'Sguard_pair',
    'R$* $$| $*\t$: $1 $| $2',
  ];
}

/** Without the `X` or the name of the macro: `S=inet:9998@127.0.0.1, T=...`. */
export function filterEquates({ milter, onFailure }: GuardSettings): string {
  // F=T answers 451 while the filter is away; without F the mail passes.
  const failure = onFailure === 'closed' ? ', F=T' : '';
  return `S=${formatSendmailSocket(milter)}${failure}, T=${milterTimeouts}`;
}

const compatRuleset = [
  '# Before each delivery: what is it, a failure notice or other mail?',
  'Scheck_compat',
  'R$* $| $*\t$: mail $| $1 $| $2',
  'Rmail $| $n $| $*\t$: notice $| $n $| $1',
  'Rmail $| <> $| $*\t$: notice $| <> $| $1',
  '# Where does it go? By which mailer, to which host, as which address?',
  'R$- $| $* $| $*\t$: $1 $| $2 $| $3 $| $>0 $>3 $3',
  'R$- $| $* $| $* $| $# $={GuardMailer} $- $*\t$: $1 $| $2 $| $3 $| $4 $| $(guard_rest "" $6 $) $| $(guard_rest x $@ $6 $)',
  'R$- $| $* $| $* $| $={GuardMailer} $| $* $| $*\t$: $(guard compat($1)($&i)($4)($5)($6)($3)($2) $: pass $)',
  '# Not by SMTP: nobody is asked.',
  'R$* $| $*\t$@ pass',
  '# What the guard says, other than pass.',
  'Rdiscard $*\t$#discard $: discard',
  'Rrefuse $- . $- . $- $*\t$#error $@ 5.1.2 $: 550 $1.$2.$3 $4',
];

const waitRuleset = [
  '# A recipient elsewhere stays in the queue while the guard does not answer.',
  'Sguard_wait',
  'R$* < @ $=w . > $*\t$@ $1 < @ $2 . > $3',
  'R$* < @ $* > $*\t$: $1 < @ $2 > $3 $| $&{addr_type}',
  'R$* $| e r\t$: $1 $| $(guard_alive alive $: no $)',
  'R$* $| $*\t$: $1',
];
