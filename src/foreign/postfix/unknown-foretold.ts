/**
 * What Postfix says to an unknown recipient, by the class of its domain and the tables of that class.
 *
 * ADDRESS_CLASS_README; postconf(5): local_recipient_maps, relay_recipient_maps, virtual_mailbox_maps,
 * virtual_alias_maps, smtpd_reject_unlisted_recipient, luser_relay.
 */
import { type UnknownForetold, unknownForetold } from '../unknown-recipient.ts';

export const domainClasses = {
  local: { domains: 'mydestination', recipients: 'local_recipient_maps' },
  relay: { domains: 'relay_domains', recipients: 'relay_recipient_maps' },
  'virtual mailbox': { domains: 'virtual_mailbox_domains', recipients: 'virtual_mailbox_maps' },
  'virtual alias': { domains: 'virtual_alias_domains', recipients: 'virtual_alias_maps' },
} as const;
export type DomainClass = keyof typeof domainClasses;
/** In the order in which Postfix looks for a domain. */
export const domainClassNames = ['local', 'relay', 'virtual mailbox', 'virtual alias'] as const;

export const unknownParameters = [
  ...Object.values(domainClasses).flatMap(({ domains, recipients }) => [domains, recipients]),
  'luser_relay',
  'smtpd_reject_unlisted_recipient',
  'smtpd_relay_restrictions',
  'smtpd_recipient_restrictions',
] as const;

export interface DomainFacts {
  readonly class: DomainClass;
  /** The table that takes every name of the domain (`@domain`), if one does. */
  readonly catchAll: string | null;
  /** Where it is sent, for a relayed domain. */
  readonly backend: string | null;
}

/** `values`: the parameters above, expanded. */
export function foretellUnknown(
  values: ReadonlyMap<string, string>,
  facts: DomainFacts,
): UnknownForetold {
  const value = (name: string): string => values.get(name) ?? '';
  const { domains, recipients } = domainClasses[facts.class];
  const listed = `${domains} has it`;
  if (facts.catchAll !== null)
    return unknownForetold('catch-all', `${facts.catchAll} takes every name of it`);
  if (facts.class === 'local' && value('luser_relay') !== '')
    return unknownForetold('catch-all', `luser_relay = ${value('luser_relay')}`);
  const { backend } = facts;
  const restrictions = `${value('smtpd_relay_restrictions')} ${value('smtpd_recipient_restrictions')}`;
  const isChecked =
    value('smtpd_reject_unlisted_recipient') !== 'no' ||
    /\breject_unlisted_recipient\b/.test(restrictions);
  if (!isChecked)
    return unknownForetold('accepted', `${listed}, and smtpd_reject_unlisted_recipient = no`, {
      cures: ['postconf -e smtpd_reject_unlisted_recipient=yes && postfix reload'],
      backend,
    });
  if (value(recipients) !== '')
    return unknownForetold(
      'refused',
      `${listed}, and ${recipients} = ${value(recipients)} has no such name`,
    );
  if (/\breject_unverified_recipient\b/.test(restrictions))
    return unknownForetold('refused', `${listed}, and reject_unverified_recipient asks who has it`);
  return unknownForetold('accepted', `${listed}, and ${recipients} is empty`, {
    cures: [
      `main.cf: ${recipients} = hash:/etc/postfix/${recipients}, with a line for each mailbox`,
    ],
    backend,
  });
}

/** `hash:/a, example.org` -> its items; braces of inline tables hold together. */
export function listItems(text: string): string[] {
  return text.match(/[\w-]+:\{(?:\{[^}]*\}|[^{}])*\}|[^\s,]+/g) ?? [];
}
