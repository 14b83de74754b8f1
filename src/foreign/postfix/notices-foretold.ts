/**
 * What Postfix does by itself with a notice to a dead end, by its parameters.
 *
 * postconf(5): inet_interfaces, notify_classes, bounce_queue_lifetime, smtp_dns_reply_filter, relayhost;
 * proved on 3.7.11.
 */
import { type DeadEnd, type Foretold, foretold } from '../foretold.ts';

/** Parameters that decide. */
export const noticeParameters = [
  'inet_interfaces',
  'relayhost',
  'default_transport',
  'notify_classes',
  'bounce_queue_lifetime',
  'smtp_dns_reply_filter',
] as const;

/** `values` of those, expanded, as `postconf -x` tells them. */
export function foretellPostfix(values: ReadonlyMap<string, string>, deadEnd: DeadEnd): Foretold {
  const value = (name: (typeof noticeParameters)[number]): string => values.get(name) ?? '';
  const relay = value('relayhost');
  const transport = value('default_transport');
  if (relay !== '')
    return foretold('relayed', [`all mail for other domains goes to ${relay} (relayhost)`]);
  if (transport !== '' && !/^smtp$/.test(transport))
    return foretold('relayed', [
      `all mail for other domains goes by ${transport} (default_transport)`,
    ]);
  if (deadEnd === 'null-mx')
    return failed(value, 'Postfix sees that the domain takes no mail (nullMX), 5.1.0');
  const patience = value('bounce_queue_lifetime') || '5d';
  if (value('smtp_dns_reply_filter') !== '')
    return foretold('waits', [
      'smtp_dns_reply_filter may hide the address: then Postfix has none, and tries again',
      `for ${patience} (bounce_queue_lifetime)`,
    ]);
  const interfaces = value('inet_interfaces');
  if (!isOnLoopback(interfaces))
    return foretold('waits', [
      `nobody listens on 127.0.0.1, port 25 (inet_interfaces = ${interfaces}): "Connection refused"`,
      `Postfix tries again for ${patience} (bounce_queue_lifetime)`,
    ]);
  return failed(
    value,
    `Postfix finds its own address among those of the domain (inet_interfaces = ${interfaces}): "loops back to myself", 5.4.6`,
  );
}

function isOnLoopback(interfaces: string): boolean {
  return interfaces
    .split(/[\s,]+/)
    .some((one) => /^(|all|loopback-only|localhost|\[?127(\.\d+){3}\]?)$/i.test(one));
}

function failed(
  value: (name: (typeof noticeParameters)[number]) => string,
  first: string,
): Foretold {
  const classes = value('notify_classes').split(/[\s,]+/);
  if (classes.includes('2bounce'))
    return foretold(
      'postmaster',
      [first, 'the postmaster gets a notice about the notice (2bounce in notify_classes)'],
      ['postconf -e "notify_classes = resource, software"'],
    );
  return foretold('dropped', [
    first,
    'a notice that fails is dropped (no 2bounce in notify_classes)',
  ]);
}
