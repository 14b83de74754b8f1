/**
 * Who handed a message in, out of the macros that sendmail keeps in its queue: `$_` is
 * `name [192.0.2.20]`, `ident@name [192.0.2.20] (may be forged)` or `user@localhost`; `$s` is the
 * argument of HELO; `${client_addr}` and `${client_name}` stand there where the admin made them
 * persistent.
 */
import type { Client } from '../../mail/envelope.ts';

export function readClient(
  macros: readonly (readonly [name: string, value: string])[],
): Client | null {
  let address: string | null = null;
  let name: string | null = null;
  let helo: string | null = null;
  for (const [macro, value] of macros) {
    if (macro === '_') {
      const literal = /\[([^[\]\s]{1,100})\](?: \(may be forged\))?$/.exec(value);
      address ??= literal?.[1] ? withoutTag(literal[1]) : null;
      name ??= nameIn(value);
    }
    if (macro === 'client_addr') address = withoutTag(value) || address;
    if (macro === 'client_name') name = nameIn(value) ?? name;
    if (macro === 's') helo = value || null;
  }
  return address === null && name === null && helo === null ? null : { address, name, helo };
}

function withoutTag(address: string): string {
  return address.replace(/^IPv6:/i, '');
}

/** What is no address literal and has no blanks, behind the name that ident gave. */
function nameIn(text: string): string | null {
  const [first = ''] = text.split(' ', 1);
  const host = first.slice(first.lastIndexOf('@') + 1);
  return host === '' || host.startsWith('[') ? null : host;
}
