/**
 * Builds what knows who exists at the domains of the configuration: their names and lists, and the
 * servers behind, asked at most as often as they bear and remembered over restarts.
 */
import type { Config } from '../config/schema.ts';
import { createCallAhead } from '../recipients/call-ahead.ts';
import { createDirectory } from '../recipients/create-directory.ts';
import type { Directory } from '../recipients/directory.ts';
import type { HostedDomain } from '../recipients/hosted-domain.ts';
import type { Probe } from '../recipients/probe.ts';
import { defaultProbeLimits } from '../recipients/probe-brake.ts';
import type { VerifyCache } from '../recipients/verify-cache.ts';
import type { Log } from '../server/log.ts';

export interface Recipients {
  readonly directory: Directory;
  /** Who exists may have to be asked over connections that are made only later. */
  connect(probe: Probe): void;
}

/** Throws MapReadError. */
export function createRecipients(
  config: Config,
  domains: readonly HostedDomain[],
  { verified, log }: { readonly verified: VerifyCache; readonly log: Log },
): Recipients {
  const { separator, whenSilent, probesAtOnce, probesPerSecond } = config.recipients;
  let probe: Probe | null = null;
  const callAhead = createCallAhead({
    probe: async (...question) =>
      probe?.(...question) ?? { kind: 'silent', detail: 'the server is only starting' },
    cache: verified,
    now: Date.now,
    onSilent: whenSilent,
    limits: { ...defaultProbeLimits, inFlight: probesAtOnce, perSecond: probesPerSecond },
  });
  const directory = createDirectory({
    domains,
    separator: separator === '' ? null : separator,
    warn: (message) => log.warn({}, message),
    callAhead,
  });
  return {
    directory,
    connect(given) {
      probe = given;
    },
  };
}
