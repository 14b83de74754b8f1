/**
 * What Exim tells of its routers and transports (`exim -bP routers`): every option of each, macros put
 * in, in the order in which they are run.
 */
import { isQuestion } from './guard-lines.ts';
import { isPrecondition, optionName } from './router.ts';

export interface ToldDriver {
  readonly name: string;
  /** `driver = dnslookup`; null where it tells none. */
  readonly driver: string | null;
  /** `domains = ! +local_domains`, `no_more`. */
  readonly options: readonly string[];
}

export function parseToldDrivers(text: string): ToldDriver[] {
  const found: { name: string; driver: string | null; options: string[] }[] = [];
  for (const line of text.split('\n')) {
    const name = /^(\S+) (?:router|transport):$/.exec(line)?.[1];
    if (name !== undefined) found.push({ name, driver: null, options: [] });
    const last = found.at(-1);
    if (!last || name !== undefined || line === '') continue;
    last.driver ??= /^driver = (\S+)$/.exec(line)?.[1] ?? null;
    last.options.push(line);
  }
  return found;
}

/** Whether it is a router that asks the guard, by our hand or by another. */
export function asksGuard({ driver, options }: ToldDriver): boolean {
  return driver === 'redirect' && options.some((line) => isQuestion(line));
}

/** Whether both are for the same addresses; that senders are not verified by one does not count. */
export function hasSamePreconditions(one: ToldDriver, other: ToldDriver): boolean {
  const list = ({ options }: ToldDriver): string =>
    options
      .filter((line) => isPrecondition(line) && optionName(line) !== 'verify')
      .toSorted()
      .join('\n');
  return list(one) === list(other);
}
