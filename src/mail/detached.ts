/**
 * The same text, which keeps nothing else in memory: V8 lets a part of a larger text, such as a request or
 * a piece of a log, keep the whole of it alive.
 *
 * One that is put together and cut again is the part of a text that is hardly longer: a third of the time
 * that a detour over octets takes.
 */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}
