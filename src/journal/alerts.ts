/**
 * Tells people of incidents: the log always, a webhook and the postmaster where that is wanted, and never so
 * often that the alerts are a flood themselves.
 */
import { formatDate } from '../mail/date.ts';
import { printable } from '../mail/printable.ts';
import type { Incident } from '../verdict/flood/incident.ts';
import type { Occasion } from './incident-keeper.ts';
import { incidentLines, incidentTitle } from './incident-words.ts';
import { incidentLink } from './links.ts';

export interface AlertOptions {
  /** Name of this server. */
  readonly name: string;
  readonly webhook: string | null;
  /** Whom mail is for, and how it goes out: with the null reverse-path, lines ended by CRLF. */
  readonly mail: {
    readonly to: string;
    readonly send: (to: string, content: Buffer) => Promise<void>;
  } | null;
  readonly log: {
    warn(details: object, message: string): void;
    error(details: object, message: string): void;
  };
  /** ms since 1970. */
  readonly now: () => number;
  /** ms between attempts to reach the webhook. */
  readonly waits?: readonly number[];
}

export type Alerts = (occasion: Occasion, incident: Incident) => void;

/** Webhooks and mails within any hour; the log tells of all. */
const mostPerHour = 20;
const hour = 3_600_000;
/** ms. */
const webhookPatience = 10_000;
const defaultWaits = [5_000, 60_000, 600_000];

export function createAlerts(options: AlertOptions): Alerts {
  const { name, webhook, mail, log, now, waits = defaultWaits } = options;
  /** Times of those within the last hour, oldest first. */
  let sent: number[] = [];
  let isSilent = false;

  function maySend(): boolean {
    const at = now();
    // In either direction: a clock that was set back is no reason to be silent until it has caught up.
    sent = sent.filter((time) => Math.abs(at - time) < hour);
    const wasSilent = isSilent;
    isSilent = sent.length >= mostPerHour;
    if (!isSilent) sent.push(at);
    else if (!wasSilent) log.warn({}, 'so many incidents that no more alerts are sent for now');
    return !isSilent;
  }

  async function post(url: string, body: string): Promise<void> {
    for (const wait of [...waits, null]) {
      try {
        const answer = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
          redirect: 'error',
          signal: AbortSignal.timeout(webhookPatience),
        });
        await answer.body?.cancel();
        if (answer.ok) return;
        throw new Error(`it answered ${answer.status}`);
      } catch (error) {
        if (wait === null) throw error;
        await new Promise((resolve) => setTimeout(resolve, wait).unref());
      }
    }
  }

  return (occasion, incident) => {
    const { id } = incident;
    const title = printable(incidentTitle(incident));
    log.warn({ incident: id, cause: incident.cause }, `incident ${occasion}: ${title}`);
    if ((!webhook && !mail) || !maySend()) return;
    const failed = (error: unknown) => log.error({ incident: id, err: error }, 'an alert failed');
    if (webhook) {
      const link = incidentLink(id);
      post(webhook, JSON.stringify({ occasion, server: name, link, title, incident })).catch(
        failed,
      );
    }
    mail?.send(mail.to, formatAlert(name, mail.to, occasion, incident, now())).catch(failed);
  };
}

/** RFC 3834 §3.1: nothing answers it. */
function formatAlert(
  name: string,
  to: string,
  occasion: Occasion,
  incident: Incident,
  at: number,
): Buffer {
  const { id } = incident;
  const lines = [
    `From: Spillway <postmaster@${name}>`,
    `To: <${to}>`,
    `Subject: [spillway] incident ${id} ${occasion} at ${name}`,
    `Date: ${formatDate(at)}`,
    `Message-ID: <incident.${id}.${occasion}.${at}@${name}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    ...inShortLines(incidentTitle(incident)),
    '',
    ...incidentLines(incident).flatMap(inShortLines),
    '',
    `spillway journal ${incidentLink(id)} tells more.`,
    occasion === 'began' ? `spillway flood lift ${id} lifts what is done against it.` : '',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}

/** RFC 5322 §2.1.1: many servers take no line of more than 998 octets, and a name may be all of them. */
function inShortLines(text: string): string[] {
  return printable(text).match(shortLine) ?? [];
}

/** Characters, each of up to four octets. */
const shortLine = /.{1,240}/gu;
