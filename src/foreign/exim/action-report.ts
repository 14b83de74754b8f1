/**
 * What `exim -Mf`, `-Mt` and `-Mrm` say of each message.
 *
 * Exim says it in English, whatever the locale, and goes on with the next message after a failure.
 */

export type ActionResult =
  | 'frozen'
  | 'frozen already'
  | 'thawed'
  | 'not frozen'
  | 'removed'
  | 'gone'
  | 'busy'
  | { readonly problem: string };

const outcomes: readonly [pattern: RegExp, result: ActionResult][] = [
  [/^is now frozen$/, 'frozen'],
  [/^is already frozen$/, 'frozen already'],
  [/^is no longer frozen$/, 'thawed'],
  [/^is not frozen$/, 'not frozen'],
  [/^has been removed$/, 'removed'],
  [/^has been removed or did not exist$/, 'gone'],
  [/^is locked$/, 'busy'],
];

/** By id; a message of which nothing is said is not in it. The last word on a message counts. */
export function parseActionReport(text: string): ReadonlyMap<string, ActionResult> {
  const results = new Map<string, ActionResult>();
  for (const line of text.split('\n')) {
    const [, id, said] = /^Message ([0-9A-Za-z-]{16,23}) (.+)$/.exec(line) ?? [];
    if (id !== undefined && said !== undefined) {
      results.set(id, outcomes.find(([pattern]) => pattern.test(said))?.[1] ?? { problem: said });
      continue;
    }
    const missing = /^Spool data file for ([0-9A-Za-z-]{16,23}) does not exist$/.exec(line)?.[1];
    if (missing !== undefined) results.set(missing, 'gone');
    const broken =
      /^(?:Spool (?:read|format) error|Couldn't open spool file) for ([0-9A-Za-z-]+?)(?:-H)?(?::|$)/.exec(
        line,
      )?.[1];
    if (broken !== undefined && !results.has(broken)) results.set(broken, { problem: line });
  }
  return results;
}
