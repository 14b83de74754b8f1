/**
 * The package sources of this machine: where its apt finds Debian.
 *
 * Both formats of sources.list(5): one line an entry, and paragraphs (deb822).
 */
import { readdir, readFile } from 'node:fs/promises';

export interface AptSource {
  /** Without a final slash. */
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Keyring file that signs it; null for the keys apt trusts for everything. */
  readonly signedBy: string | null;
}

/** `deb [signed-by=/a.gpg] http://mirror/debian bookworm main contrib`; other lines are passed over. */
export function parseSourceLines(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+[^\s#]+)*)/.exec(line);
    if (!found) return [];
    const [, options = '', uri = '', suite = '', components = ''] = found;
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(options)?.[1];
    return [source(uri, suite, words(components), signedBy)];
  });
}

/** Paragraphs of `Types:`, `URIs:`, `Suites:`, `Components:`; every URI with every suite is one source. */
export function parseSourceParagraphs(text: string): AptSource[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((paragraph) => {
      const field = (name: string) =>
        new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, 'im').exec(paragraph)?.[1]?.trim() ?? '';
      if (!words(field('Types')).includes('deb') || /^no$/i.test(field('Enabled'))) return [];
      const components = words(field('Components'));
      return words(field('URIs')).flatMap((uri) =>
        words(field('Suites')).map((suite) => source(uri, suite, components, field('Signed-By'))),
      );
    });
}

/** All sources of the folder, in apt's order; a folder or file that is missing holds none. */
export async function readAptSources(folder = '/etc/apt'): Promise<AptSource[]> {
  const text = (file: string) => readFile(file, 'utf8').catch(() => '');
  const sources = parseSourceLines(await text(`${folder}/sources.list`));
  const parts = await readdir(`${folder}/sources.list.d`).catch(() => []);
  for (const part of parts.toSorted()) {
    const file = `${folder}/sources.list.d/${part}`;
    if (part.endsWith('.list')) sources.push(...parseSourceLines(await text(file)));
    if (part.endsWith('.sources')) sources.push(...parseSourceParagraphs(await text(file)));
  }
  return sources;
}

/**
 * What brings a Debian release: its main archive first, then its updates and security fixes.
 *
 * A mirror of another release keeps this one too; empty where no source looks like Debian's.
 */
export function sourcesOf(release: string, sources: readonly AptSource[]): AptSource[] {
  const usable = sources.filter((entry) => /^(https?|file):/.test(entry.uri));
  const main =
    usable.find((entry) => entry.suite === release && entry.components.includes('main')) ??
    usable.find((entry) => /\/debian$/.test(entry.uri) && entry.components.includes('main'));
  if (!main) return [];
  const more = usable.filter((entry) => entry.suite.startsWith(`${release}-`));
  return [{ ...main, suite: release }, ...more].map((entry) => ({
    ...entry,
    components: ['main'],
  }));
}

/** As a line of sources.list. */
export function formatSource(entry: AptSource): string {
  const options = entry.signedBy ? `[signed-by=${entry.signedBy}] ` : '';
  return `deb ${options}${entry.uri} ${entry.suite} ${entry.components.join(' ')}`;
}

function source(
  uri: string,
  suite: string,
  components: readonly string[],
  signedBy: string | undefined,
): AptSource {
  // A key may also stand in the entry itself; apt's own keyrings have to do then.
  const isFile = signedBy?.startsWith('/') && !signedBy.includes('\n');
  return {
    uri: uri.replace(/\/+$/, ''),
    suite,
    components,
    signedBy: isFile ? (signedBy ?? null) : null,
  };
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
