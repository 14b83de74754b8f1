/**
 * Whether the guard stands before the routers that go where an address says, by Exim's own words.
 */
import { goingDrivers } from '../foreign/exim/router.ts';
import {
  asksGuard,
  hasSamePreconditions,
  parseToldDrivers,
  type ToldDriver,
} from '../foreign/exim/told-drivers.ts';
import type { EximProgram } from '../machine/exim.ts';

export async function toldRouters(program: EximProgram): Promise<ToldDriver[]> {
  return parseToldDrivers((await program.run(['-bP', 'routers'])).stdout);
}

/** Those that go where an address says. */
export function goingRouters(routers: readonly ToldDriver[]): ToldDriver[] {
  return routers.filter(({ driver }) => driver !== null && goingDrivers.includes(driver));
}

/** Those of them that are run without a question, and why. */
export function unguardedRouters(
  routers: readonly ToldDriver[],
): { readonly name: string; readonly why: string }[] {
  return goingRouters(routers).flatMap((router) => {
    const before = routers[routers.indexOf(router) - 1];
    if (!before || !asksGuard(before))
      return [{ name: router.name, why: 'nobody asks the guard before it' }];
    if (!hasSamePreconditions(before, router))
      return [{ name: router.name, why: `${before.name} is for other addresses than it` }];
    return [];
  });
}
