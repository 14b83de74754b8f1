/**
 * Addresses as Postfix's own tools show them. In its queue files they stand without quotes.
 */

const plain =
  /^[^\s()<>@,;:\\"[\].\u0000-\u001f\u007f]+(?:\.[^\s()<>@,;:\\"[\].\u0000-\u001f\u007f]+)*@/;

/** RFC 5321 §4.1.2: the local part as a dot-string, else quoted. `raw`: as in a queue file. */
export function quoteAddress(raw: string): string {
  if (raw === '') return raw;
  const plainLocal = plain.exec(raw);
  const at = raw.lastIndexOf('@');
  if (plainLocal && plainLocal[0].length === at + 1) return raw;
  // A source route before the local part stays as it is.
  const route = raw.startsWith('@') ? raw.indexOf(':') + 1 : 0;
  const end = at < route ? raw.length : at;
  const local = raw.slice(route, end);
  if (plain.test(`${local}@`) && !local.includes('@')) return raw;
  return `${raw.slice(0, route)}"${local.replaceAll(/["\\\r]/g, '\\$&')}"${raw.slice(end)}`;
}

/** The other way round: as Postfix has it inside. */
export function unquoteAddress(address: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"(@[^@]*)?$/s.exec(address);
  if (!quoted) return address;
  return `${(quoted[1] ?? '').replaceAll(/\\(.)/gs, '$1')}${quoted[2] ?? ''}`;
}
