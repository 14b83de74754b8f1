/**
 * What was read of a line of a log, in one line, so that tables of cases stay readable.
 */
import type { LogReading } from '../src/foreign/log-event.ts';

export function eventText(reading: LogReading): string {
  if (reading === null) return 'nothing';
  switch (reading.kind) {
    case 'origin':
      return `origin ${reading.id} ${reading.client ?? 'here'}${over(reading.connection)}${reading.before === null ? '' : ` before ${reading.before}`}`;
    case 'session':
      return `session ${reading.id} ${reading.client ?? 'here'}${reading.isInner ? ' inner' : ''}`;
    case 'connect':
      return `connect ${reading.connection}`;
    case 'taken': {
      const { id, client, session, reversePath, bytes, recipients, about } = reading;
      const from = client === undefined ? (session ?? 'elsewhere') : (client ?? 'here');
      const path = reversePath === null ? '?' : `<${reversePath}>`;
      return `taken ${id} ${from}${over(session === null ? reading.connection : null)} ${path} ${bytes} to ${recipients ?? '?'}${about === null ? '' : ` about ${about}`}`;
    }
    case 'envelope':
      return `envelope ${reading.id} ${reading.session} <${reading.reversePath}> <${reading.forwardPath}>`;
    case 'fate': {
      const { id, forwardPaths, outcome, nextHop, peer, isInner, child, isMore } = reading;
      const to = forwardPaths.map((path) => `<${path}>`).join('');
      const marks = `${isInner ? ' inner' : ''}${isMore ? ' more' : ''}${child === null ? '' : ` as ${child}`}`;
      return `fate ${id} ${outcome} ${to} by ${nextHop ?? '-'} ${peer ?? '-'}${marks}`;
    }
    case 'notice':
      return `notice ${reading.child} about ${reading.id}`;
    case 'attempt': {
      const { id, client, session, reversePath, forwardPath, outcome } = reading;
      const path = (text: string | null) => (text === null ? '?' : `<${text}>`);
      const from = `${client ?? session ?? '-'}${over(session === null ? reading.connection : null)}`;
      return `${outcome} ${id ?? '-'} ${from} ${path(reversePath)} ${path(forwardPath)}`;
    }
    case 'end':
      return `end ${reading.id}`;
    case 'unreadable':
      return `unreadable: ${reading.problem}`;
  }
}

/** A session tells it as well. */
function over(connection: number | null): string {
  return connection === null ? '' : ` over ${connection}`;
}
