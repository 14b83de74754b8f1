/**
 * Whether the guard answers wherever a server is told to ask it.
 */
import { type Asked, type Door, whoAnswers } from '../ask-guard.ts';

export type AskedDoor = readonly [door: Door, endpoint: string, asked: Asked];

export function readDoors(doors: readonly AskedDoor[]): {
  readonly isAnswering: boolean;
  readonly found: readonly string[];
} {
  const answers = doors.map(([door, endpoint, asked]) => whoAnswers(door, endpoint, asked));
  return {
    isAnswering: answers.every(({ who }) => who === 'guard'),
    found: answers.map(({ found }) => found),
  };
}
