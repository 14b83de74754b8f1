/**
 * What an incident is about, and the key by which it is found: the same, said to people and to counters.
 */
import { floods, type GatherKind } from './causes.ts';
import {
  type About,
  type IncidentCause,
  isAboutMany,
  isNextHop,
  isWholeDomain,
} from './incident.ts';
import { type Named, type NameText, nobody } from './named.ts';

export interface GatherKey {
  readonly kind: GatherKind;
  readonly key: Named;
}

/** What a gathering is about once it is a flood. */
export function aboutOf({ kind, key }: GatherKey): About {
  return { cause: floods[kind].cause, subject: kind === 'home' ? `@${key.name}` : key.name };
}

/** Of a network as of a client: their names differ. Null: its parts have keys, itself it has none. */
export function keyOf(about: About, nameText: NameText): GatherKey | null {
  const { cause, subject } = about;
  if (isAboutMany(about)) return null;
  if (cause === 'notice-storm') return { kind: 'storm', key: nobody };
  if (cause === 'forged-sender' && isWholeDomain(subject))
    return { kind: 'home', key: nameText(subject, 1) };
  if (cause === 'mail-loop' && isNextHop(subject)) return { kind: 'hop', key: nameText(subject) };
  return { kind: kindOfCause[cause], key: nameText(subject) };
}

const kindOfCause: { readonly [cause in IncidentCause]: GatherKind } = {
  'forged-sender': 'sender',
  harvest: 'client',
  'slow-harvest': 'harvested',
  'notice-storm': 'storm',
  'joe-job': 'notified',
  'mail-loop': 'loop',
  'answer-loop': 'pair',
};
