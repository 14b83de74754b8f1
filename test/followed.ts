/**
 * What a follower tells of lines of a log.
 */
import assert from 'node:assert/strict';
import { LogLineReader } from '../src/foreign/log-line.ts';
import type { Mta } from '../src/foreign/queue-entry.ts';
import { Follower, type FollowerLimits, followerLimits } from '../src/journal/story/follower.ts';
import type { Observation } from '../src/verdict/flood/observation.ts';

/** 1, 2, 3 ... */
export function numbering(): () => number {
  let last = 0;
  return () => ++last;
}

/**
 * `lines`: what stands behind `Sep  5 03:12:01 mx `; the time stands still, unless a line begins with seconds. Each of
 * them tells something.
 */
export function followed(
  server: Mta,
  lines: readonly string[],
  limits: FollowerLimits = followerLimits,
): Observation[] {
  const told: Observation[] = [];
  const follower = new Follower(server, (one) => void told.push(one), numbering(), limits);
  const reader = new LogLineReader(new Date(2006, 0, 1).getTime());
  for (const text of lines) {
    const second = /^(\d\d) /.exec(text)?.[1];
    const line = `Sep  5 03:12:${second ?? '01'} mx ${second ? text.slice(3) : text}`;
    const event = reader.read(line, 0, line.length);
    assert.ok(event && event.kind !== 'unreadable' && reader.at !== null, text);
    follower.take(reader.at, event);
  }
  follower.end();
  return told;
}
