/**
 * The part of a notice that programs read: message/delivery-status.
 *
 * RFC 3464 §2, with the types of RFC 6533.
 */
import { formatDate } from './date.ts';
import type { Notice, NoticeRecipient } from './notice.ts';
import { formatField, formatOrcpt, formatTypedAddress } from './notice-field.ts';
import type { Reply } from './reply.ts';

/** Lines ended by CRLF; blocks parted by an empty one. */
export function formatStatus(notice: Notice, utf8: boolean): string {
  const { about } = notice;
  let perMessage = '';
  if (about.envid !== null) perMessage += formatField('Original-Envelope-Id', about.envid, utf8);
  perMessage += formatField('Reporting-MTA', `dns; ${notice.reportingMta}`, utf8);
  perMessage += formatField('Arrival-Date', formatDate(about.receivedAt), utf8);
  return [perMessage, ...notice.recipients.map((one) => formatRecipient(one, notice, utf8))].join(
    '\r\n',
  );
}

function formatRecipient(recipient: NoticeRecipient, notice: Notice, utf8: boolean): string {
  const { action, reply, peer } = recipient;
  const fields: [name: string, value: string][] = [];
  if (recipient.orcpt !== null)
    fields.push(['Original-Recipient', formatOrcpt(recipient.orcpt, utf8)]);
  fields.push(
    ['Final-Recipient', formatTypedAddress(recipient.forwardPath, utf8)],
    ['Action', action],
    ['Status', statusOf(recipient)],
  );
  if (peer !== null) fields.push(['Remote-MTA', `dns; ${peer}`]);
  if (peer !== null && reply !== null) fields.push(['Diagnostic-Code', `smtp; ${words(reply)}`]);
  fields.push(['Last-Attempt-Date', formatDate(recipient.triedAt)]);
  fields.push(['Final-Log-ID', notice.about.queueId]);
  if (action === 'delayed') fields.push(['Will-Retry-Until', formatDate(notice.about.expiresAt)]);
  return fields.map(([name, value]) => formatField(name, value, utf8)).join('');
}

/** RFC 3464 §2.3.4: what was done is told by the class, whatever the next hop said. */
function statusOf({ action, reply, status }: NoticeRecipient): string {
  const found = status ?? reply?.status ?? '';
  const isStatus = /^[245]\.\d{1,3}\.\d{1,3}$/.test(found);
  switch (action) {
    case 'delivered':
    case 'relayed':
      return isStatus && found.startsWith('2') ? found : '2.0.0';
    case 'delayed':
      return isStatus && found.startsWith('4') ? found : '4.0.0';
    case 'failed':
      return isStatus && !found.startsWith('2') ? found : '5.0.0';
  }
}

function words({ code, status, text }: Reply): string {
  return [String(code), status, text].filter((part) => part !== '').join(' ');
}
