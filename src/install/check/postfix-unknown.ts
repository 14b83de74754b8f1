/**
 * Domains that Postfix hosts, and what it says to unknown recipients there, by its parameters and its tables.
 */
import {
  type DomainClass,
  domainClasses,
  domainClassNames,
  foretellUnknown,
  listItems,
} from '../../foreign/postfix/unknown-foretold.ts';
import { type UnknownForetold, unknownForetold } from '../../foreign/unknown-recipient.ts';
import { failureOf } from '../../machine/failure.ts';
import type { PostfixPlace } from '../../machine/postfix.ts';
import { type Root, readText } from '../../machine/root.ts';
import { askNextHops } from '../../rescue/postfix/next-hops.ts';

type Classes = ReadonlyMap<string, DomainClass>;

/** Domains of each class, and lists of them that cannot be listed. */
export async function hostedByPostfix(
  root: Root,
  place: PostfixPlace,
  values: ReadonlyMap<string, string>,
): Promise<{ domains: Classes; unlisted: string[] }> {
  const domains = new Map<string, DomainClass>();
  const unlisted: string[] = [];
  for (const domainClass of domainClassNames) {
    const parameter = domainClasses[domainClass].domains;
    for (const item of listItems(values.get(parameter) ?? '')) {
      const names = await namesIn(root, place, item);
      if ('problem' in names) unlisted.push(`${parameter}: ${names.problem}`);
      // The default of virtual_alias_domains is a list of addresses as well.
      else
        for (const one of names)
          if (!one.includes('@') && !domains.has(one)) domains.set(one, domainClass);
    }
  }
  return { domains, unlisted };
}

/** Names that an item of a list stands for: itself, the lines of a file, the keys of a table. */
async function namesIn(
  root: Root,
  { instance }: PostfixPlace,
  item: string,
): Promise<readonly string[] | { readonly problem: string }> {
  if (item.startsWith('!') || /^\.?[\w-]+(\.[\w-]+)*$/.test(item)) return [item].filter(isPlain);
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => line.trim().split(/\s/, 1)[0] ?? '')
      .filter((name) => name !== '' && !name.startsWith('#'));
  if (item.startsWith('/')) {
    const text = await readText(root, item);
    return typeof text === 'string' ? lines(text) : text;
  }
  const inline = /^inline:\{(.*)\}$/s.exec(item)?.[1];
  if (inline !== undefined)
    return [...inline.matchAll(/\{\s*([^\s=}]+)\s*=/g)].map(([, name = '']) => name);
  if (!isTable(item)) return { problem: item };
  const ran = await root.run('/', ['postmap', ...instance, '-s', item]);
  return ran.status === 0
    ? lines(ran.stdout)
    : { problem: `${item}, ${failureOf('postmap -s', ran)}` };
}

/** `TYPE:NAME`. What begins with a dash postmap would take for an option. */
function isTable(item: string): boolean {
  return /^[a-z]\w*:/.test(item);
}

/** A pattern such as `.example.org` names no single domain. */
function isPlain(name: string): boolean {
  return !name.startsWith('.') && !name.startsWith('!');
}

/** What it says to each address, of a mailbox that nobody has. */
export async function foretellByPostfix(
  root: Root,
  place: PostfixPlace,
  values: ReadonlyMap<string, string>,
  domains: Classes,
  addresses: readonly string[],
): Promise<UnknownForetold[]> {
  const { configFolder, queueFolder, masterPath } = place;
  const daemonFolder = masterPath.slice(0, masterPath.lastIndexOf('/'));
  const hops = await askNextHops({ root, configFolder, queueFolder, daemonFolder }, addresses);
  const answers: UnknownForetold[] = [];
  for (const address of addresses) {
    const domain = address.slice(address.lastIndexOf('@') + 1);
    const domainClass = domains.get(domain) ?? 'local';
    const catchAll = await findCatchAll(root, place, values, domainClass, domain);
    if (catchAll !== null && typeof catchAll !== 'string') {
      answers.push(unknownForetold('unclear', catchAll.problem));
      continue;
    }
    const hop = hops.get(address);
    const backend = domainClass === 'relay' && hop ? hop.host.replace(/^\[|\].*$/g, '') : null;
    answers.push(foretellUnknown(values, { class: domainClass, catchAll, backend }));
  }
  return answers;
}

/** The table that has `@domain`, or one that cannot tell. */
async function findCatchAll(
  root: Root,
  { instance }: PostfixPlace,
  values: ReadonlyMap<string, string>,
  domainClass: DomainClass,
  domain: string,
): Promise<string | { readonly problem: string } | null> {
  const { recipients } = domainClasses[domainClass];
  for (const parameter of new Set(['virtual_alias_maps', recipients]))
    for (const table of listItems(values.get(parameter) ?? '')) {
      // The users of the machine are no addresses.
      if (!isTable(table) || /^(unix|proxy:unix):/.test(table)) continue;
      const ran = await root.run('/', ['postmap', ...instance, '-q', `@${domain}`, table]);
      if (ran.status === 0 && ran.stdout.trim() !== '') return `${parameter}, ${table},`;
      // It ends with 1 for what it has not, and says nothing.
      if (ran.status !== 0 && (ran.status !== 1 || ran.stderr !== ''))
        return { problem: `${parameter}, ${table}: ${failureOf('postmap -q', ran)}` };
    }
  return null;
}
