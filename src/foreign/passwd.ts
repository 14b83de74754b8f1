/**
 * /etc/passwd: the users of a machine who may have mail.
 *
 * passwd(5): seven fields divided by colons. Who has mail is root and everybody from UID 1000 on, where
 * Debian and most others begin to count people; 65534 is nobody.
 */
import type { MapEntryReading } from './map-entry.ts';

const firstPerson = 1000;
const nobody = 65534;

/** Null for a user of the system itself. `line`: a physical line. */
export function parsePasswd(line: string): MapEntryReading | null {
  const fields = line.split(':');
  const [name = '', , uid = ''] = fields;
  // `+name` and `-name` speak of NIS.
  if (/^[+-]/.test(name)) return null;
  if (fields.length !== 7 || name === '' || !/^\d{1,10}$/.test(uid))
    return { problem: 'expected seven fields divided by colons' };
  const number = Number(uid);
  if (number !== 0 && (number < firstPerson || number === nobody)) return null;
  return { key: name, value: { kind: 'exists' } };
}
