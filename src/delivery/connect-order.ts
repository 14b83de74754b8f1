/**
 * In which order the addresses of a next hop are tried.
 *
 * RFC 5321 §5.1: by preference, random among equals, more than one of them. Families take turns, so
 * that a machine without IPv6 is not stopped by a list that begins with it.
 */
import { formatHostPort } from '../mail/endpoint.ts';
import type { IpAddress } from '../mail/ip.ts';
import type { Door } from './connect.ts';
import type { Place } from './smtp-hop.ts';

/** One address of a next hop. */
export interface Target {
  readonly door: Door;
  /** The host it belongs to, as MX or configuration spell it. */
  readonly host: string;
  readonly preference: number;
  /** `mx.example.org (192.0.2.25)` */
  readonly label: string;
}

/** RFC 5321 §5.1 wants two at least. */
const mostTargets = 10;

/** `random` gives numbers in [0, 1). */
export function orderTargets(place: Place, random: () => number): Target[] {
  if (place.kind === 'configured') {
    const { endpoint, addresses } = place;
    if ('path' in endpoint)
      return [
        {
          door: { kind: 'unix', path: endpoint.path },
          host: 'localhost',
          preference: 0,
          label: endpoint.path,
        },
      ];
    return takeTurns(addresses, random)
      .map((address) => target(endpoint.host, 0, address, endpoint.port))
      .slice(0, mostTargets);
  }
  // A stable sort over a shuffled list: equals stay in random order.
  return shuffle(place.targets, random)
    .sort((a, b) => a.preference - b.preference)
    .flatMap(({ name, preference, addresses }) =>
      takeTurns(
        addresses.map(({ address }) => address),
        random,
      ).map((address) => target(name, preference, address, place.port)),
    )
    .slice(0, mostTargets);
}

function target(host: string, preference: number, address: IpAddress, port: number): Target {
  const where = port === 25 ? address.text : formatHostPort({ host: address.text, port });
  const label = host === address.text ? where : `${host} (${where})`;
  return { door: { kind: 'tcp', address, port }, host, preference, label };
}

function takeTurns(addresses: readonly IpAddress[], random: () => number): IpAddress[] {
  const shuffled = shuffle(addresses, random);
  const six = shuffled.filter(({ bytes }) => bytes.length === 16);
  const four = shuffled.filter(({ bytes }) => bytes.length === 4);
  const [first, second] = random() < 0.5 ? [six, four] : [four, six];
  return shuffled
    .flatMap((_, i) => [first[i], second[i]])
    .filter((address) => address !== undefined);
}

/** Fisher and Yates. */
function shuffle<T>(list: readonly T[], random: () => number): T[] {
  const shuffled = [...list];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [shuffled[i], shuffled[j]];
    if (a === undefined || b === undefined) continue;
    shuffled[i] = b;
    shuffled[j] = a;
  }
  return shuffled;
}
