/**
 * What the listeners get: settings of the configuration as it is, and doors behind which whatever is
 * current answers, so that a connection lives on through a reload.
 */
import type { Config } from '../config/schema.ts';
import type { Judge } from '../judge/judge.ts';
import type { Identity } from '../mail/identity.ts';
import type { Log } from '../server/log.ts';
import type { SmtpServices } from '../server/smtp/services.ts';
import { classifyAddress } from '../verdict/address-class.ts';
import type { Keeping } from './keeping.ts';
import type { Mx } from './mx-wiring.ts';
import type { Guard } from './wiring.ts';

export function currentJudge(guard: () => Guard): Judge {
  return { ask: (question) => guard().judge.ask(question) };
}

export function currentIdentity(guard: () => Guard): Identity {
  return {
    get ownNames() {
      return guard().policy.ownNames;
    },
    isOwnAddress: (address) => classifyAddress(address, guard().policy) === 'self',
  };
}

/** `current`: at the time of a question; the rest is that of `config` and `mx`. */
export function createServices(
  config: Config,
  mx: Mx,
  current: () => Mx,
  { queue, nextId, stamps }: Keeping,
  log: Log,
): SmtpServices {
  const guard = () => current().guard;
  const { smtp, relay } = config;
  return {
    name: mx.name,
    identity: currentIdentity(guard),
    judge: currentJudge(guard),
    directory: { expand: (path) => current().directory.expand(path) },
    prover: { begin: (sender) => current().prover.begin(sender) },
    queue,
    delivery: {
      hasRoom: () => current().delivery.hasRoom(),
      take: (...message) => current().delivery.take(...message),
      wake: () => current().delivery.wake(),
      canCutThrough: (recipients) => current().delivery.canCutThrough(recipients),
      cutThrough: (...message) => current().delivery.cutThrough(...message),
    },
    nextId,
    stamps,
    logins: mx.logins,
    certificate: mx.certificate,
    relayNetworks: relay.networks,
    proxyNetworks: smtp.proxies,
    xclientNetworks: smtp.xclient,
    limits: { ...smtp.limits, messageSize: smtp.maxMessage },
    lifetime: config.queue.lifetime,
    log,
  };
}
