/**
 * What a forward-path stands for: aliases of aliases, lists and forwarding, with an end to all of it.
 *
 * RFC 5321 §3.9.1 and §3.9.2 (aliases and lists). A name that an alias leads back to is not expanded
 * again: it keeps its mailbox if the configuration lists one, and is left out otherwise. A name among
 * its own targets means its mailbox: `ann: ann, bob`.
 */
import type { RecipientFacts } from '../verdict/recipient-facts.ts';
import { quoteLocalPart } from './local-part.ts';
import type { OwnPath } from './own-path.ts';

/** Aliases of aliases deeper than this are left out, as a sign of a mistake. */
const depthLimit = 20;
const pathLimit = 10_000;

/** Each path once, in the order of the aliases. Never empty: a circle of nothing is the path itself. */
export function expandPath(
  forwardPath: string,
  resolve: (path: string) => OwnPath | RecipientFacts,
): readonly string[] {
  const start = resolve(forwardPath);
  if (!('hosted' in start)) return [forwardPath];
  if (!start.found?.targets()) return [finalPath(start)];

  const paths = new Set<string>();
  /** True while its targets are being looked at. */
  const seen = new Map<string, boolean>();

  function visit(path: OwnPath, depth: number): void {
    const { hosted, folded, found } = path;
    const targets = found?.targets();
    if (!targets) {
      paths.add(finalPath(path));
      return;
    }
    const key = keyOf(path);
    const isCircle = seen.get(key);
    if (isCircle && hosted.names.isMailbox(folded)) paths.add(finalPath(path));
    if (isCircle !== undefined || depth > depthLimit) return;
    seen.set(key, true);
    for (const target of targets) {
      if (paths.size >= pathLimit) break;
      const next = resolve(target.includes('@') ? target : `${target}@${hosted.domain.name}`);
      if (!('hosted' in next)) paths.add(target);
      else if (keyOf(next) === key) paths.add(finalPath(next));
      else visit(next, depth + 1);
    }
    seen.set(key, false);
  }

  visit(start, 0);
  return paths.size > 0 ? [...paths] : [finalPath(start)];
}

function keyOf({ hosted, folded }: OwnPath): string {
  return `${folded}@${hosted.domain.name}`;
}

/**
 * A Maildir is found by the mailbox's own name. Another server gets what the client wrote, with the
 * detail, as it may do something with it.
 */
function finalPath({ hosted: { domain, names }, localPart, folded }: OwnPath): string {
  const isOurs = domain.destination.kind === 'maildir';
  const name = isOurs ? quoteLocalPart(names.mailboxOf(folded)) : localPart;
  return `${name}@${domain.name}`;
}
