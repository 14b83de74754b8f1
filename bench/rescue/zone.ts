/**
 * What DNS says of the domains in a queue of the benchmark: seaton.biz and 120 others are dead ends, each in
 * one of four ways, and 80 take mail.
 */
import type { NameRecords, ZoneData } from '../../src/replay/dns-server.ts';

export const deadDomains = 120;
export const goodDomains = 80;

export function deadDomain(index: number): string {
  return `dead-${index + 1}.example`;
}

export function goodDomain(index: number): string {
  return `good-${index + 1}.example`;
}

const deadEnds: readonly ((domain: string) => ZoneData)[] = [
  (domain) => ({
    [domain]: { MX: [[10, `mail.${domain}`]] },
    [`mail.${domain}`]: { A: ['127.0.0.1'] },
  }),
  (domain) => ({ [domain]: { MX: [[0, '.']] } }),
  (domain) => ({ [domain]: { MX: [[10, 'localhost']] } }),
  (domain) => ({ [domain]: { A: ['127.0.0.1'] } }),
];

/** Domains of the zone, `mail.` hosts and the like apart. */
export const distinctDomains = 1 + deadDomains + goodDomains;

export function queueZone(): ZoneData {
  const zone: Record<string, NameRecords> = {
    'seaton.biz': { MX: [[10, 'mail.seaton.biz']] },
    'mail.seaton.biz': { A: ['127.0.0.1'] },
    localhost: { A: ['127.0.0.1'], AAAA: ['::1'] },
  };
  for (let i = 0; i < deadDomains; i++)
    Object.assign(zone, deadEnds[i % deadEnds.length]?.(deadDomain(i)));
  for (let i = 0; i < goodDomains; i++) {
    const domain = goodDomain(i);
    zone[domain] = { MX: [[10, `mail.${domain}`]] };
    zone[`mail.${domain}`] = { A: ['192.0.2.40'] };
  }
  return zone;
}
