/**
 * Postfix beside the guard: what docs/postfix.md tells an admin to write into main.cf.
 */
import type { FailureMode } from '../../src/mail/failure-mode.ts';
import { toBackend } from './incident.ts';
import type { Postfix } from './postfix.ts';

const milterAction = { open: 'accept', closed: 'tempfail' } as const;
const policyAction = { open: 'DUNNO', closed: 'DEFER_IF_PERMIT' } as const;

const relays = Object.entries(toBackend).map(([domain, host]) => `{ ${domain} = smtp:[${host}] }`);
/** The routes of the incident. */
const routes = `inline:{ ${relays.join(' ')} }`;

function milter(onFailure: FailureMode): string {
  const action = `default_action=${milterAction[onFailure]}`;
  return `{ inet:127.0.0.1:9998, ${action}, connect_timeout=3s, command_timeout=3s }`;
}

/** What comes in is asked about by the milter... */
export function byMilter(onFailure: FailureMode): Record<string, string> {
  return { smtpd_milters: milter(onFailure) };
}

/** ...or by the policy service... */
export function byPolicy(onFailure: FailureMode): Record<string, string> {
  const service = `check_policy_service { inet:127.0.0.1:9996, default_action=${policyAction[onFailure]}, timeout=3s, try_limit=1 }`;
  return { smtpd_recipient_restrictions: `reject_unauth_destination, ${service}` };
}

/** ...and Postfix's own notices by the milter... */
export function noticesByMilter(onFailure: FailureMode): Record<string, string> {
  return { non_smtpd_milters: milter(onFailure), internal_mail_filter_classes: 'bounce' };
}

/** ...or, whatever goes out, by the transport map. */
export const byTransport = {
  transport_maps: `${routes}, socketmap:inet:127.0.0.1:9997:postfix_transport`,
};

/** How many lines of its log so far match. */
export async function countInLog(postfix: Postfix, pattern: RegExp): Promise<number> {
  return (await postfix.machine.log()).filter((line) => pattern.test(line)).length;
}
