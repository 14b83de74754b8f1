/**
 * Options that stand above the configuration, the same for every command that asks DNS.
 */
import type { Config } from '../config/schema.ts';
import { parseDnsServer } from '../dns/server-address.ts';
import { parseNetwork } from '../mail/ip.ts';
import { printable } from '../mail/printable.ts';
import { CommandError } from './exit.ts';

export interface Overrides {
  readonly dns?: readonly string[];
  readonly public?: readonly string[];
}

/** For an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** Throws CommandError where an option cannot be read. */
export function overridden(config: Config, options: Overrides): Config {
  const read = <T>(option: string, text: string, expected: string, value: T | null): T => {
    if (value !== null) return value;
    throw new CommandError(
      `${option}: expected ${expected}, found ${printable(JSON.stringify(text), 80)}`,
    );
  };
  const servers = options.dns?.map((text) =>
    read('--dns', text, 'a name server such as 192.0.2.53 or 127.0.0.1:5353', parseDnsServer(text)),
  );
  const networks = options.public?.map((text) =>
    read('--public', text, 'a network such as 10.0.0.0/8', parseNetwork(text)),
  );
  return {
    ...config,
    dns: servers ? { ...config.dns, servers } : config.dns,
    verdict: networks
      ? { ...config.verdict, public: [...config.verdict.public, ...networks] }
      : config.verdict,
  };
}
