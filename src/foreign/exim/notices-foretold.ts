/**
 * What Exim does by itself with a notice to a dead end, by the router that looks up the MX.
 *
 * Specification chapters 15 (generic router options: self, ignore_target_hosts), 17 (dnslookup), 14
 * (ignore_bounce_errors_after, timeout_frozen_after); proved on 4.96.
 */
import { type DeadEnd, type Foretold, foretold } from '../foretold.ts';
import type { ToldDriver } from './told-drivers.ts';

export interface EximHabits {
  /** In the order in which they are run. */
  readonly routers: readonly ToldDriver[];
  /** `2d`; `0s`: failed notices are dropped at once. */
  readonly ignoreBounceErrorsAfter: string;
  /** `7d`; `0s`: never. */
  readonly timeoutFrozenAfter: string;
}

export function foretellExim(habits: EximHabits, deadEnd: DeadEnd): Foretold {
  const { routers } = habits;
  // Of several, the first are for domains that are relayed by name.
  const byMx = routers.findLast(({ driver }) => driver === 'dnslookup');
  const hub = routers.find(
    (router) => router.driver === 'manualroute' && optionOf(router, 'route_list').startsWith('*'),
  );
  if (hub && (!byMx || routers.indexOf(hub) < routers.indexOf(byMx)))
    return foretold('relayed', [
      `the router ${hub.name} names the host for all other domains: ${optionOf(hub, 'route_list')}`,
    ]);
  if (!byMx) return failed(habits, 'no router takes mail for other domains');
  if (deadEnd === 'null-mx')
    return failed(habits, `the router ${byMx.name} sees that the domain takes no mail`);
  const ignored = optionOf(byMx, 'ignore_target_hosts');
  if (/(^|[\s;:])127\.0\.0\.(0\/8|1)(?=$|[\s;:])|@\[\]/.test(ignored))
    return failed(
      habits,
      `the router ${byMx.name} leaves out 127.0.0.1 (ignore_target_hosts), and no host is left`,
    );
  const self = optionOf(byMx, 'self') || 'freeze';
  const first = `the router ${byMx.name} finds itself behind the domain (self = ${self})`;
  if (self === 'freeze') return foretold('frozen', [first, keeping(habits)], cures(habits));
  if (self === 'defer') return foretold('waits', [first, 'Exim tries again, by its retry rules']);
  if (self === 'fail') return failed(habits, first);
  if (self === 'send')
    return foretold(
      'loops',
      [first, 'it connects to itself and takes what it sends'],
      [`router ${byMx.name}: ignore_target_hosts = <; 0.0.0.0 ; 127.0.0.0/8 ; ::1`],
    );
  return foretold('unknown', [first, 'what follows depends on the routers behind it']);
}

/** Empty where it is not told, or has no value. */
function optionOf({ options }: ToldDriver, name: string): string {
  const prefix = `${name} =`;
  return (
    options
      .find((line) => line.startsWith(prefix))
      ?.slice(prefix.length)
      .trim() ?? ''
  );
}

function failed(habits: EximHabits, first: string): Foretold {
  const { ignoreBounceErrorsAfter } = habits;
  if (isZero(ignoreBounceErrorsAfter))
    return foretold('dropped', [
      first,
      'a notice that fails is dropped at once (ignore_bounce_errors_after = 0s)',
    ]);
  return foretold(
    'frozen',
    [first, 'a notice that fails is frozen', keeping(habits)],
    cures(habits),
  );
}

function keeping({ ignoreBounceErrorsAfter, timeoutFrozenAfter }: EximHabits): string {
  const until = isZero(timeoutFrozenAfter)
    ? ''
    : `, or at the latest after ${timeoutFrozenAfter} (timeout_frozen_after)`;
  return `it stays until a queue run finds it older than ${ignoreBounceErrorsAfter} (ignore_bounce_errors_after)${until}`;
}

function cures({ ignoreBounceErrorsAfter }: EximHabits): string[] {
  return isZero(ignoreBounceErrorsAfter)
    ? []
    : ['main section: ignore_bounce_errors_after = 0s, which drops all notices that fail'];
}

function isZero(time: string): boolean {
  return /^0[smhdw]?$/.test(time);
}
