/**
 * Whether the guard answers wherever a server is told to ask it.
 */
import type { Asked } from '../ask-guard.ts';

/** How one of ours begins its answer. */
export const isOurs = {
  socketmap: /^OK /,
  milter: /^O version [2-6]$/,
  policy: /^action=DUNNO$/,
  readsocket: /^accept$/,
  sink: /^220 /,
  filter: /^(proceed|reject)/,
} as const;

export type AskedDoor = readonly [endpoint: string, asked: Asked, ours: RegExp];

export function readDoors(doors: readonly AskedDoor[]): {
  readonly isAnswering: boolean;
  readonly found: readonly string[];
} {
  let isAnswering = true;
  const found = doors.map(([endpoint, asked, ours]) => {
    if (asked.kind === 'silence') {
      isAnswering = false;
      return `the guard does not answer at ${endpoint}: ${asked.why}`;
    }
    if (ours.test(asked.text)) return `the guard answers at ${endpoint}`;
    isAnswering = false;
    return `somebody else answers at ${endpoint}: ${asked.text}`;
  });
  return { isAnswering, found };
}
