/**
 * What smtpd tells a filter: a line becomes a typed message.
 *
 * smtpd-filters(7); usr.sbin/smtpd/lka_filter.c of OpenSMTPD 6.8 (protocol 0.6) and of 7.x (0.7). Both
 * write alike what is read here. A field may hold `|` only where it is the last one.
 */
export type FilterMessage =
  /** `config|ready` has the key `ready` and an empty value. */
  | { readonly kind: 'config'; readonly key: string; readonly value: string }
  /** `rest` is what the event says, its fields not yet taken apart. */
  | {
      readonly kind: 'report';
      readonly event: string;
      readonly session: string;
      readonly rest: string;
    }
  /** Wants exactly one answer: smtpd ends itself over a second one. */
  | {
      readonly kind: 'query';
      readonly phase: string;
      readonly session: string;
      /** Names the filter in its chain and the phase, not the question: it comes again and again. */
      readonly token: string;
      readonly parameter: string;
    }
  | { readonly kind: 'fault'; readonly problem: string };

/** `line` is without its end. */
export function parseMessage(line: string): FilterMessage {
  const [kind = '', rest] = splitFields(line, 2);
  if (kind === 'config') {
    const [key = '', value = ''] = splitFields(rest ?? '', 2);
    return key === '' ? fault('a config line without a key') : { kind, key, value };
  }
  if (kind !== 'report' && kind !== 'filter') return fault('neither config, report nor filter');
  const [version = '', , subsystem, name = '', session = '', more] = splitFields(rest ?? '', 6);
  if (!isKnown(version)) return fault('a version of the protocol that is not known');
  if (subsystem !== 'smtp-in') return fault('not about mail that comes in');
  if (!/^[a-z-]{1,32}$/.test(name)) return fault('no event or phase');
  if (!identifier.test(session)) return fault('no session');
  if (kind === 'report') return { kind, event: name, session, rest: more ?? '' };
  const [token = '', parameter] = splitFields(more ?? '', 2);
  if (!identifier.test(token)) return fault('no token');
  return { kind: 'query', phase: name, session, token, parameter: parameter ?? '' };
}

/** At most `count` fields: the last one keeps its separators. */
export function splitFields(text: string, count: number): string[] {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < count - 1) {
    const end = text.indexOf('|', at);
    if (end < 0) break;
    fields.push(text.slice(at, end));
    at = end + 1;
  }
  fields.push(text.slice(at));
  return fields;
}

/** Both are 64 bits in hexadecimal. */
export const identifier = /^[0-9a-f]{1,16}$/i;

/** Before 0.5 an answer named the token first. Later ones may add what is not read here. */
function isKnown(version: string): boolean {
  const found = /^(\d{1,3})\.(\d{1,3})$/.exec(version);
  return found !== null && (Number(found[1]) > 0 || Number(found[2]) >= 5);
}

function fault(problem: string): FilterMessage {
  return { kind: 'fault', problem };
}
