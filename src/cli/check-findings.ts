/**
 * What `spillway check` makes of a server: good, worth knowing, or trouble, and the shortest cure first.
 */
import { badEnds, type DeadEnd, noticeEnds } from '../foreign/foretold.ts';
import type { UnknownFate } from '../foreign/unknown-recipient.ts';
import type { ServerCheck, UnknownAt } from '../install/check/server-check.ts';

export interface Finding {
  readonly about: 'server' | 'guard' | DeadEnd | 'unknown-recipient';
  readonly outcome: 'well' | 'note' | 'trouble';
  /** What it is about and what becomes of it, in a sentence without the final dot. */
  readonly found: string;
  readonly because: readonly string[];
  /** Alternatives, the shortest first: each a row of commands, or of lines with the name of their file before them. */
  readonly cures: readonly Cure[];
}

export type Cure = readonly string[];

export function findingsOf(check: ServerCheck): readonly Finding[] {
  if (check.problem !== null) return [muteFinding(check.problem)];
  return [guardFinding(check), ...noticeFindings(check), ...unknownFindings(check)];
}

function muteFinding(problem: string): Finding {
  return {
    about: 'server',
    outcome: 'trouble',
    found: 'its own programs do not tell what it would do',
    because: [problem],
    cures: [],
  };
}

function guardFinding({ mta, install, guard }: ServerCheck): Finding {
  const { state, isAnswering, found } = guard;
  const about = 'guard';
  if (state === 'faulty')
    return {
      about,
      outcome: 'trouble',
      found: 'its lines were changed by hand',
      because: found,
      cures: [],
    };
  if (state === 'absent')
    return {
      about,
      outcome: 'note',
      found: 'the server does not ask it',
      because: found,
      cures: [[install]],
    };
  if (!isAnswering)
    return {
      about,
      outcome: 'trouble',
      found: 'the server asks it, and gets no answer',
      because: found,
      cures: [['spillway run']],
    };
  if (guard.noticesBy === null)
    return {
      about,
      outcome: 'note',
      found: 'the server asks it about what comes in, and not about its own notices',
      because: found,
      cures: mta === 'postfix' ? [[`${install} --hooks milter,notices`]] : [[install]],
    };
  if (guard.noticeMode === 'watch' || guard.noticeMode === 'off')
    return {
      about,
      outcome: 'note',
      found:
        guard.noticeMode === 'watch'
          ? 'the server asks it, and it only watches'
          : 'the server asks it, and its check of notices is off',
      because: found,
      cures: [[`spillway.toml: checks.${guard.noticesBy}.mode = "enforce"`]],
    };
  return {
    about,
    outcome: 'well',
    found: 'the server asks it, and gets its answers',
    because: found,
    cures: [],
  };
}

const subjects: Readonly<Record<DeadEnd, string>> = {
  loopback: 'a failure notice to a domain whose MX is 127.0.0.1',
  'null-mx': 'a failure notice to a domain that takes no mail (null MX)',
};

function noticeFindings({ install, guard, notices }: ServerCheck): Finding[] {
  const order: readonly DeadEnd[] = ['loopback', 'null-mx'];
  return order.map((deadEnd) => {
    const { end, because, cures } = notices[deadEnd];
    const isBad = badEnds.has(end);
    const helps =
      guard.state !== 'installed' ? [[install]] : guard.isAnswering ? [] : [['spillway run']];
    return {
      about: deadEnd,
      outcome: isBad ? 'trouble' : end === 'unknown' || end === 'relayed' ? 'note' : 'well',
      found: `${subjects[deadEnd]}: ${noticeEnds[end]}`,
      because,
      cures: isBad ? [...helps, ...cures.map((cure) => [cure])] : [],
    };
  });
}

const fates: Readonly<
  Record<UnknownFate, { readonly outcome: Finding['outcome']; readonly words: string }>
> = {
  refused: { outcome: 'well', words: 'refused at the door' },
  accepted: {
    outcome: 'trouble',
    words: 'taken, and a failure notice is written for each: the accident of 2006',
  },
  'catch-all': { outcome: 'note', words: 'taken for somebody: every name exists' },
  later: { outcome: 'note', words: 'told to come again later' },
  unclear: { outcome: 'note', words: 'nobody can tell from here' },
};
const shownDomains = 3;

/** Domains of which the same can be said are one finding. */
function unknownFindings(check: ServerCheck): Finding[] {
  const { domains, left, unlisted } = check.unknown;
  const groups = new Map<string, UnknownAt[]>();
  for (const one of domains) {
    const { domain: _domain, said: _said, ...alike } = one;
    const key = JSON.stringify(alike);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const findings = [...groups.values()].map((group) => unknownFinding(check, group));
  if (domains.length === 0)
    findings.push({
      about: 'unknown-recipient',
      outcome: 'note',
      found: 'unknown recipients: no hosted domain was found',
      because: [],
      cures: [],
    });
  const notes = [
    ...(left > 0 ? [`${left} more domains were not asked about`] : []),
    ...unlisted.map((list) => `cannot be listed: ${list}`),
  ];
  const last = findings.pop();
  return last ? [...findings, { ...last, because: [...last.because, ...notes] }] : [];
}

function unknownFinding({ install, guard }: ServerCheck, group: readonly UnknownAt[]): Finding {
  const [first] = group;
  const { outcome, words } = fates[first?.fate ?? 'unclear'];
  const shown = group.slice(0, shownDomains).map(({ domain }) => domain);
  const more = group.length - shown.length;
  const where = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const said = group.find((one) => one.said !== null);
  const byGuard = [
    guardLines(group.slice(0, shownDomains), more > 0),
    ...(guard.state === 'installed' ? [] : [install]),
  ];
  return {
    about: 'unknown-recipient',
    outcome,
    found: `an unknown recipient at ${where}: ${words}`,
    because: [...(first?.because ?? []), ...(said ? [`at its door it says: ${said.said}`] : [])],
    cures: first?.fate === 'accepted' ? [byGuard, ...first.cures.map((cure) => [cure])] : [],
  };
}

/** What tells the guard who exists: TOML on one line. */
function guardLines(group: readonly UnknownAt[], isMore: boolean): string {
  const tables = group.map(({ domain, backend }) => {
    const how =
      backend !== null && /^[\w.:-]+$/.test(backend)
        ? `deliver = "smtp:${backend}", verify = "backend"`
        : 'mailboxes = ["ann", "bob"]';
    return `{ name = "${domain}", ${how} }`;
  });
  return `spillway.toml: domains = [${tables.join(', ')}${isMore ? ', ...' : ''}]`;
}
