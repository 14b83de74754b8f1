/**
 * Whose brakes were lifted by hand.
 *
 * An operator who lifts an incident means what it was about then. That goes on to be let pass where it turns
 * out to be part of a wider flood, whatever the rest of that is; who joins what is lifted is lifted with it.
 */
import type { About } from './incident.ts';
import { isNotice } from './incident-index.ts';
import { pairName } from './named.ts';
import type { Sight } from './sight.ts';

export class Lifts {
  private readonly lifted: ReadonlySet<string>;

  constructor(lifted: Iterable<About> = []) {
    this.lifted = new Set(Array.from(lifted, textOf));
  }

  /** Whether nothing is done against what is seen, as far as it belongs to the incident. */
  has(incident: About, sight: Sight): boolean {
    if (this.lifted.size === 0) return false;
    return this.hasAll(incident) || aboutsOf(sight).some((about) => this.hasAll(about));
  }

  /** Whether all of the incident is lifted. */
  hasAll(incident: About): boolean {
    return this.lifted.has(textOf(incident));
  }
}

function textOf({ cause, subject }: About): string {
  return `${cause} ${subject}`;
}

/** What floods may be about that have a brake. */
function aboutsOf(sight: Sight): About[] {
  const { client, network, sender, recipient } = sight;
  const [named, domain] = isNotice(sight) ? [recipient, sight.site] : [sender, sight.home];
  const abouts: About[] = [];
  if (named) abouts.push({ cause: 'forged-sender', subject: named.name });
  if (domain) abouts.push({ cause: 'forged-sender', subject: `@${domain.name}` });
  if (client) abouts.push({ cause: 'harvest', subject: client.name });
  if (network) abouts.push({ cause: 'harvest', subject: network.name });
  if (sender && recipient)
    abouts.push({ cause: 'answer-loop', subject: pairName(sender, recipient) });
  return abouts;
}
