/**
 * Who lives in the world of a replay; all names but seaton.biz end in `.example`, which belongs to nobody
 * (RFC 2606).
 */

/** The sites of the server; each has the one mailbox `info`, which the backend knows. */
export const hostedSites: readonly string[] = [
  'bakery.example',
  'chess-club.example',
  'dentist.example',
  'florist.example',
  'garage.example',
  'hotel.example',
  'library.example',
  'museum.example',
  'orchestra.example',
  'plumber.example',
  'school.example',
  'tailor.example',
];
export const knownMailboxes: readonly string[] = hostedSites.map((site) => `info@${site}`);

/** Domains of real senders; their mail server is the good sink. */
export const goodDomains: readonly string[] = [
  'good-1.example',
  'good-2.example',
  'good-3.example',
  'good-4.example',
  'good-5.example',
];
