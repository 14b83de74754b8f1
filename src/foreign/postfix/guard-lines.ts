/**
 * The guard's part of main.cf: parameters as they were, with the guard in them.
 *
 * Each milter, policy service and restriction has a failure mode of its own in braces (Postfix 3.0 and
 * later), so that those of others keep theirs.
 */
import type { PostfixTable } from '../../mail/postfix-tables.ts';
import {
  formatPostfixNextHop,
  formatPostfixSocket,
  type Hook,
  type PostfixGuardSettings,
} from './guard-settings.ts';

export interface GuardLines {
  readonly kind: 'lines';
  readonly lines: readonly string[];
}
export interface GuardFault {
  readonly kind: 'fault';
  readonly problem: string;
}

const transportTable: PostfixTable = 'postfix_transport';

/** The parameters that a hook needs. */
export const parametersOf: Readonly<Record<Hook, readonly string[]>> = {
  milter: ['smtpd_milters'],
  policy: ['smtpd_recipient_restrictions'],
  notices: ['non_smtpd_milters', 'internal_mail_filter_classes'],
  transport: ['transport_maps'],
  sink: ['sender_dependent_default_transport_maps'],
};

/** `before`: the parameters of main.cf without the guard; one that is absent is at its default, empty. */
export function guardLines(
  settings: PostfixGuardSettings,
  queueFolder: string,
  before: ReadonlyMap<string, string>,
): GuardLines | GuardFault {
  const { onFailure } = settings;
  if (!/^\/[\w./+-]+$/.test(queueFolder)) return fault(`an odd queue_directory: ${queueFolder}`);
  const sockets = ['milter', 'policy', 'socketmap'] as const;
  const [milter, policy, socketmap] = sockets.map((name) =>
    formatPostfixSocket(settings[name], queueFolder),
  );
  if (!milter || !policy || !socketmap)
    return fault(`a unix socket must lie below ${queueFolder}, where a chroot sees it too`);
  if (settings.hooks.includes('transport') && onFailure === 'open')
    return fault(
      'transport_maps lets all mail wait while the guard is away: it needs --on-failure closed',
    );
  const nextHop = formatPostfixNextHop(settings.sink);
  if (nextHop === null) return fault('the sink is reached by host and port only');
  const filter = `{ ${milter}, default_action=${onFailure === 'open' ? 'accept' : 'tempfail'}, connect_timeout=10s, command_timeout=10s }`;
  const service = `check_policy_service { ${policy}, default_action=${onFailure === 'open' ? 'DUNNO' : 'DEFER_IF_PERMIT'}, timeout=10s, try_limit=1 }`;

  const lines: string[] = [];
  for (const hook of settings.hooks)
    for (const name of parametersOf[hook]) {
      const value = before.get(name) ?? '';
      let added: string | GuardFault;
      if (name === 'internal_mail_filter_classes')
        added = /\bbounce\b/.test(value) ? value : join(value, 'bounce');
      else if (name === 'smtpd_recipient_restrictions') added = addService(value, service, before);
      else if (name === 'transport_maps')
        added = join(value, `socketmap:${socketmap}:${transportTable}`);
      else if (name === 'sender_dependent_default_transport_maps')
        added = join(value, `inline:{ { <> = ${nextHop} } }`);
      else added = join(value, filter);
      if (typeof added !== 'string') return added;
      lines.push(`${name} = ${added}`);
    }
  return { kind: 'lines', lines };
}

/** Behind what denies relaying, so that nobody is asked about what Postfix does not take anyway. */
function addService(
  value: string,
  service: string,
  before: ReadonlyMap<string, string>,
): string | GuardFault {
  const found = /\b(?:reject|defer)_unauth_destination\b/.exec(value);
  if (found) {
    const at = found.index + found[0].length;
    return `${value.slice(0, at)}, ${service}${value.slice(at)}`;
  }
  // Postfix 2.10 and later look at smtpd_relay_restrictions as well; its default denies relaying.
  const relay = before.get('smtpd_relay_restrictions');
  if (relay === undefined || /\b(?:reject|defer)_unauth_destination\b/.test(relay))
    return value === '' ? service : `${service}, ${value}`;
  return fault('nothing in main.cf denies relaying with reject_unauth_destination');
}

function join(value: string, more: string): string {
  return value === '' ? more : `${value.replace(/,$/, '')}, ${more}`;
}

function fault(problem: string): GuardFault {
  return { kind: 'fault', problem };
}
