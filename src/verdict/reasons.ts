/**
 * Every reason a verdict can have: a closed list, so that journals can count and compilers can check.
 *
 * The words are for people: they end up in `explain`, in the journal and in the story of an incident.
 */
export const reasonWords = {
  deliverable: 'its mail servers can be reached',
  'implicit-mx': 'it has no MX, its own address takes the mail',
  'mixed-mx': 'some of its MX lead nowhere, the others can be reached',
  loopback:
    'its mail server is a loopback address: mail for it comes back to the machine that sends it',
  self: 'its mail server is this very machine',
  unspecified:
    'its mail server is the address 0.0.0.0 or ::, which connects to the machine that sends',
  private: 'its mail server is a private address, which means another machine in every network',
  cgnat: 'its mail server is an address shared behind a carrier, which nobody outside can reach',
  linklocal: 'its mail server is a link-local address, where clouds keep their secrets',
  documentation: 'its mail server is an address reserved for documentation',
  reserved: 'its mail server is a reserved address that nobody can reach',
  multicast: 'its mail server is a multicast address, to which no connection can be made',
  localhost: 'its MX is the name localhost: mail for it comes back to the machine that sends it',
  'own-name': 'its MX is the name of this very machine',
  'null-mx': 'it says that it takes no mail (null MX, RFC 7505)',
  'no-such-domain': 'the domain does not exist',
  'no-mail-server': 'the domain has neither MX nor address',
  'mx-without-address': 'none of its MX has an address',
  'malformed-mx': 'its MX is an IP address in text or no name at all',
  'routed-by-name': 'the operator routes it by name',
  'dns-failure': 'DNS does not answer for it at the moment',
  'too-many-records': 'it has more MX or addresses than anyone needs; not all were judged',
  'null-reverse-path': 'the null reverse-path is always welcome',
  'local-address': 'an address without a domain belongs to the server itself',
  'malformed-address': 'the address is malformed',
  'no-loop': 'no sign of a loop',
  'too-many-hops': 'it has passed through more mail servers than any real message does',
  'own-hops': 'it has passed through this server again and again',
  'from-ourselves': 'this server handed it to itself, and not for the first time',
  'delivered-to': 'it was already delivered to this very address',
  'bounce-depth': 'it is a failure notice about a failure notice',
  'check-off': 'the check is switched off',
  overloaded: 'the guard has more questions open than it may',
  'internal-error': 'the guard met a fault of its own',
} as const;

export type Reason = keyof typeof reasonWords;
