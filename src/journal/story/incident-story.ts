/**
 * An incident in words that a manager understands: what happened, what this server made of it, what to do now.
 *
 * Only what the figures show is said. What strangers wrote is made harmless.
 */
import {
  formatCount,
  formatDuration,
  formatLocalTime,
  formatNumber,
  formatSize,
} from '../../mail/amounts.ts';
import { normalizeDomain } from '../../mail/domain.ts';
import { printable } from '../../mail/printable.ts';
import { mostExact } from '../../verdict/flood/distinct-counter.ts';
import {
  type Incident,
  isAboutMany,
  isNextHop,
  isWholeDomain,
  type Ranked,
} from '../../verdict/flood/incident.ts';
import { connectionsOf, cpuOf, formatDifferent, incidentTitle } from '../incident-words.ts';

export interface IncidentWords {
  readonly title: string;
  /** When it began and ended. */
  readonly when: string;
  /** Sentences: who sent what, and what the server did. */
  readonly what: readonly string[];
  /** Sentences: what the server sent for what it received. */
  readonly damage: readonly string[];
  /** What to do now, the most urgent first. */
  readonly advice: readonly string[];
}

export function describeIncident(incident: Incident): IncidentWords {
  return {
    title: printable(capital(incidentTitle(incident))),
    when: whenOf(incident),
    what: [...causeOf(incident), ...doorOf(incident), ...madeOf(incident), ...endOf(incident)],
    damage: damageOf(incident),
    advice: adviceOf(incident),
  };
}

function whenOf({ start, end, isOpen }: Incident): string {
  const from = formatLocalTime(start);
  const until = formatLocalTime(end);
  const [day = ''] = from.split(' ');
  const shown = until.startsWith(day) ? until.slice(day.length + 1) : until;
  const lasted = end - start >= 1000 ? `, ${formatDuration(end - start)}` : '';
  const tail = isOpen ? ', and not over at the end of what was read' : '';
  return end - start < 1000 ? `${from}${tail}` : `${from} until ${shown}${lasted}${tail}`;
}

function causeOf(incident: Incident): string[] {
  const { cause, subject, clients, sites, received } = incident;
  const who = nameOf(subject);
  const recipients = formatCount(received.recipients, 'recipient');
  const tried = `${recipients} at ${distinct(sites, 'domain')}`;
  const from = clients.distinct === 0 ? '' : ` from ${distinct(clients, 'client')}`;
  const unknown =
    received.unknown === 0
      ? ''
      : received.unknown >= received.recipients
        ? ' None of these mailboxes exists.'
        : ` ${formatNumber(received.unknown)} of these mailboxes do not exist.`;
  switch (cause) {
    case 'forged-sender':
      return [
        `Mail in ${isWholeDomain(subject) ? `changing names at ${who.slice(1)}` : `the name of ${who}`} came${from}, to ${tried}.${unknown}`,
        `So many machines${received.unknown > 0 ? ' and so many wrong guesses' : ''} cannot be one person's mail: the sender is forged, and whoever owns that ${isWholeDomain(subject) ? 'domain' : 'address'} has most likely nothing to do with it.`,
      ];
    case 'harvest':
      return [
        `${who} tried ${tried}.${unknown} That is how lists of addresses are made, or spam is sent blindly.`,
      ];
    case 'slow-harvest':
      return [
        `${capital(distinct(clients, 'client'))} tried ${isAboutMany(incident) ? tried : `${recipients} at ${who}`}, each of them so few that nobody notices.${unknown}`,
      ];
    case 'notice-storm':
      return [
        `Mail came in that could not be delivered, and the server wrote failure notices to its senders. Most of these never wrote: their names were forged, and they now get our notices.`,
      ];
    case 'joe-job':
      return [
        `Failure notices came${from} to ${recipients} at ${who}.${unknown} Somebody sends spam elsewhere in the name of this domain, and what cannot be delivered there is reported here.`,
      ];
    case 'mail-loop':
      return [
        `Mail for ${isNextHop(subject) ? `domains that lead to ${who}` : who} was sent and came back to this very server, which took it and sent it again. Its DNS, or a table of this server, leads here.`,
      ];
    case 'answer-loop':
      return [
        `Each message of one was answered by the other. Both are most likely machines: an automatic reply, a ticket system, a list.`,
      ];
  }
}

/** What the server did at its door. */
function doorOf(incident: Incident): string[] {
  const { received, made, ended } = incident;
  const { messages, bytes } = received;
  const connections = connectionsOf(incident);
  const over = connections === null ? '' : ` over ${connections}`;
  const refused =
    ended.refused > 0 ? `refused ${formatCount(ended.refused, 'recipient')} at its door` : '';
  const isAll = made.deliveries === 0;
  if (messages === 0)
    return refused
      ? [`The server ${refused}${over}${isAll ? ', and took nothing of it' : ''}.`]
      : [];
  const took = `took ${formatCount(messages, 'message')} of it${bytes > 0 ? ` (${formatSize(bytes)})` : ''}`;
  return [`The server ${took}${refused ? ` and ${refused}` : ''}${over}.`];
}

/** What it wrote and sent because of it. */
function madeOf({ made, cause, subject }: Incident): string[] {
  const sentences: string[] = [];
  if (made.notices > 0) {
    const to =
      cause === 'forged-sender'
        ? `, most of them to ${isWholeDomain(subject) ? `names at ${nameOf(subject.slice(1))}` : nameOf(subject)}`
        : '';
    const one = made.notices === 1;
    sentences.push(
      `Then it wrote ${formatCount(made.notices, 'failure notice')} about what could not be delivered${one ? '' : to}.`,
    );
  }
  if (made.returns > 0)
    sentences.push(
      `${formatCount(made.returns, 'time', 'times')} it handed such mail to itself${made.bytes > 0 ? ', and took it as new' : ''}.`,
    );
  return sentences;
}

function endOf({ ended }: Incident): string[] {
  const parts = [
    [ended.delivered, 'delivered'],
    [ended.failed, 'failed'],
    [ended.deferred, 'put off, to be tried again'],
    [ended.dropped, 'dropped with a receipt'],
  ] as const;
  const told = parts.flatMap(([count, word]) =>
    count > 0 ? [`${formatNumber(count)} ${word}`] : [],
  );
  return told.length === 0 ? [] : [`Attempts to deliver, as they ended: ${told.join(', ')}.`];
}

function damageOf(incident: Incident): string[] {
  const cpu = cpuOf(incident);
  return [...sentOf(incident), ...(cpu === null ? [] : [`Spillway itself spent ${cpu} on it.`])];
}

function sentOf({ cause, received, made }: Incident): string[] {
  if (received.messages === 0 && made.deliveries === 0)
    return ['Nothing of it went out again: the damage ended at the door.'];
  const sentences: string[] = [];
  const perMessage = ratio(made.deliveries, received.messages);
  const perByte = ratio(made.bytes, received.bytes);
  if (perMessage !== null) {
    const bytes = perByte === null || made.bytes === 0 ? '' : `, and for each byte ${perByte}`;
    sentences.push(
      `For each message that it received, the server set out to send ${perMessage}${bytes}.`,
    );
  } else if (cause === 'slow-harvest')
    // Of a message whose recipient turned out to be wrong only the end belongs to it.
    sentences.push(
      `What was not refused at once came to ${formatCount(made.deliveries, 'attempt')} to deliver.`,
    );
  else
    sentences.push(
      `Nothing new came in, and the server set out to deliver ${formatCount(made.deliveries, 'message')} all the same.`,
    );
  if (made.returns > received.messages)
    sentences.push('It did more damage to itself than anybody did to it.');
  return sentences;
}

function ratio(made: number, received: number): string | null {
  if (received === 0) return null;
  const value = made / received;
  return formatNumber(value < 9.95 ? Number(value.toFixed(1)) : Math.round(value));
}

const rescue =
  'Take out of the queue what nobody can ever receive: "spillway rescue" shows it, with --apply it does it, and "spillway undo" takes it back.';
const guard =
  'Refuse before accepting: "spillway install" puts the guard beside your mail server, so that recipients who do not exist and senders to whom nothing can be reported do not get in.';

function adviceOf(incident: Incident): string[] {
  const { cause, subject, received, made, ended, clients } = incident;
  const who = nameOf(subject);
  const hasTaken = received.messages > 0;
  const isQueued = made.returns > 0 || made.notices > 0 || ended.deferred > 0;
  const isBounced = made.notices > 0 && hasTaken;
  switch (cause) {
    case 'forged-sender':
    case 'notice-storm':
      return [
        ...(isQueued ? [rescue] : []),
        ...(isBounced || hasTaken ? [guard] : ['Nothing more: all of it was refused.']),
        ...(cause === 'forged-sender' && subject.includes('@')
          ? [
              `${explain('See where notices to it would go', domainOf(subject))} Do not block its owner, who is a victim.`.trimStart(),
            ]
          : []),
      ];
    case 'harvest': {
      const queue = isQueued ? [rescue] : [];
      const one = clients.distinct === 1 ? who : `${who} and its neighbours`;
      return hasTaken && received.unknown > ended.refused
        ? [`Block ${one} in the firewall.`, ...queue, guard]
        : [
            `Nothing has to be done: what does not exist was refused. To spare the server the work, block ${one} in the firewall.`,
          ];
    }
    case 'slow-harvest':
      return [
        ...(hasTaken && received.unknown > ended.refused ? [guard] : []),
        'No single client can be blocked for it. What is refused at the door tells them no more than they tried.',
      ];
    case 'joe-job':
      return [
        `Publish for ${who} who may send in its name: an SPF record that ends in -all, and DMARC with p=reject. Servers that look will refuse the forgeries, and report nothing.`,
        'Refuse the reports themselves: notices to mailboxes that never wrote.',
      ];
    case 'mail-loop':
      return [
        ...(isQueued ? [rescue] : []),
        ...[explain('See where mail for it goes and why', lostDomain(incident))].filter(
          (text) => text !== '',
        ),
        guard,
      ];
    case 'answer-loop':
      return [
        'Make one of them stop: automatic mail must not answer automatic mail (RFC 3834), and must be sent with an empty reverse-path.',
      ];
  }
}

/** Whose mail came back: that, or one of those. */
function lostDomain({ subject, sites }: Incident): string {
  return isNextHop(subject) ? (sites.top[0]?.name ?? '') : subject;
}

/** People copy commands: none is shown for what is no domain but perhaps a command of a stranger. */
function explain(why: string, domain: string): string {
  const name = normalizeDomain(domain);
  return name === null ? '' : `${why}: "spillway explain ${name}".`;
}

/** An address, client or domain; what strangers wrote is made harmless. */
export function nameOf(subject: string): string {
  return subject === '' ? 'the empty sender' : printable(subject, 120);
}

function distinct({ distinct: count, top }: Ranked, one: string): string {
  return formatDifferent(count, one, Math.max(top.length, mostExact));
}

/** `192.0.2.7 (1,200), 192.0.2.8 (12) and 30 more`; null where there are none. */
export function rankingInWords({ distinct: count, top }: Ranked, most = 5): string | null {
  if (top.length === 0) return null;
  const shown = top.slice(0, most);
  const names = shown.map(({ name, count: times }) => `${nameOf(name)} (${formatNumber(times)})`);
  const more = count - shown.length;
  return `${names.join(', ')}${more > 0 ? ` and ${distinct({ distinct: more, top: [] }, 'other')}` : ''}`;
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
