/**
 * The domains of the bench: nine of ten can be delivered to, the tenth is a black hole.
 */
import type { ZoneData } from '../src/replay/dns-server.ts';

export const warmDomains = 1000;

export function domainOf(i: number): string {
  return `d${i}.${i % 10 === 0 ? 'hole' : 'good'}.example`;
}

export const zone: ZoneData = {
  '*.good.example': { MX: [[10, 'mx.good.example']] },
  'mx.good.example': { A: ['192.0.2.20'] },
  '*.hole.example': { MX: [[10, 'mx.hole.example']] },
  'mx.hole.example': { A: ['127.0.0.1'] },
};
