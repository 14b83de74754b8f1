/**
 * What OpenSMTPD says to an unknown recipient, by the rules for mail of strangers.
 */
import { type UnknownForetold, unknownForetold } from '../unknown-recipient.ts';
import type { Rule, SmtpdConfig } from './config.ts';

export interface HostedDomain {
  /** `local`: the names of the machine itself. */
  readonly domain: string;
  readonly foretold: UnknownForetold;
}

/** The domains that rules for everybody name; patterns and rules for `any` are left out. */
export function hostedDomains(config: SmtpdConfig, localNames: readonly string[]): HostedDomain[] {
  const hosted = new Map<string, HostedDomain>();
  for (const rule of config.rules) {
    if (!rule.isFromAny || rule.isNegated || rule.for === 'any') continue;
    const names = rule.for === 'local' ? localNames : (rule.for.domains ?? []);
    for (const domain of names)
      if (!hosted.has(domain) && /^[\w-]+(\.[\w-]+)+$/.test(domain))
        hosted.set(domain, { domain, foretold: foretell(rule, config) });
  }
  return [...hosted.values()];
}

function foretell(rule: Rule, config: SmtpdConfig): UnknownForetold {
  const action = rule.action === null ? undefined : config.actions.get(rule.action);
  if (!action) return unknownForetold('refused', 'its rule rejects the domain');
  if (rule.hasRecipients)
    return unknownForetold('refused', `its rule lists the recipients (rcpt-to)`);
  if (action.kind === 'local')
    return unknownForetold('refused', 'it is delivered here, and who has no mailbox is refused');
  const host = action.kind === 'host' ? action.host : 'its MX';
  return unknownForetold('accepted', `it is relayed to ${host}, whoever it is for`, {
    cures: ['smtpd.conf: match ... rcpt-to <recipients>, with a table of the mailboxes'],
    backend: action.kind === 'host' ? action.host : null,
  });
}
