/**
 * What smtpd.conf says of the way of a message: its actions, its tables, its rules.
 *
 * smtpd.conf(5), since OpenSMTPD 6.4; the older grammar (`accept from ...`) has no actions, and its
 * envelopes hold the next hop themselves.
 */
import { type FileOf, isSign, readStatements, type Statement, type Word } from './config-tokens.ts';

export type Action =
  | { readonly kind: 'local' }
  /** The MX of the recipient's domain decides. */
  | { readonly kind: 'mx' }
  /** The first of the operator's own hosts, or the name of a table of them. */
  | { readonly kind: 'host'; readonly host: string };

/** Null: it cannot be told from files what is in it. */
export type DomainList = readonly string[] | null;

export interface Rule {
  /** Null rejects. */
  readonly action: string | null;
  readonly for: 'any' | 'local' | { readonly domains: DomainList };
  readonly isNegated: boolean;
  /** Other things than the recipient's domain decide as well. */
  readonly isConditional: boolean;
  /** Whether mail of strangers is meant as well. */
  readonly isFromAny: boolean;
  /** Whether it lists recipients or patterns of them (`rcpt-to`). */
  readonly hasRecipients: boolean;
}

export interface Listen {
  /** Interface, group, name or address; `socket`. */
  readonly on: string;
  /** Null: the usual ones. */
  readonly port: string | null;
}

export interface SmtpdConfig {
  readonly actions: ReadonlyMap<string, Action>;
  readonly rules: readonly Rule[];
  readonly listens: readonly Listen[];
  /** `4d`, as it stands there. */
  readonly queueTtl: string | null;
}

/** Null where it is not understood as a whole: a rule that is missed would change the meaning of others. */
export function readSmtpdConfig(text: string, fileOf: FileOf): SmtpdConfig | null {
  const statements = readStatements(text, fileOf);
  if (!statements) return null;
  const tables = new Map<string, DomainList>();
  const actions = new Map<string, Action>();
  const rules: Rule[] = [];
  const listens: Listen[] = [];
  let queueTtl: string | null = null;
  for (const statement of statements) {
    const name = statement[1]?.text ?? '';
    switch (statement[0]?.text) {
      case 'table':
        tables.set(name, readTable(statement.slice(2), fileOf));
        break;
      case 'action':
        actions.set(name, readAction(statement.slice(2), tables));
        break;
      case 'match':
        rules.push(readRule(statement.slice(1), tables));
        break;
      case 'listen':
        listens.push(readListen(statement));
        break;
      case 'queue':
        if (name === 'ttl') queueTtl = statement[2]?.text ?? null;
        break;
    }
  }
  return { actions, rules, listens, queueTtl };
}

/** `listen on lo port 25 ...` */
function readListen(words: Statement): Listen {
  const at = words.findIndex((word) => isSign(word, 'port'));
  return { on: words[2]?.text ?? '', port: (at > 2 ? words[at + 1]?.text : null) ?? null };
}

type Tables = ReadonlyMap<string, DomainList>;

/** Its keys, where it stands in the configuration or in a plain file. */
function readTable(words: Statement, fileOf: FileOf): DomainList {
  const [first] = words;
  if (isSign(first, '{')) return listIn(words);
  if (isSign(first, '=')) return readTable(words.slice(1), fileOf);
  const source = first?.text ?? '';
  const path = source.startsWith('file:') ? source.slice(5) : source;
  const text = path.startsWith('/') ? fileOf(path) : null;
  if (text === null) return null;
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s|:(?=\s|$)/, 1)[0] ?? '');
}

/** `{ a, b }` and `{ a = b, c = d }`: a and b, a and c. */
function listIn(words: Statement): readonly string[] {
  const list: string[] = [];
  let isKey = true;
  for (const word of words.slice(1)) {
    if (isSign(word, '}')) break;
    if (isSign(word, ',')) isKey = true;
    else if (isSign(word, '=')) isKey = false;
    else if (isKey) list.push(word.text);
  }
  return list;
}

const localMeans = new Set(['mbox', 'maildir', 'lmtp', 'mda', 'forward-only', 'expand-only']);

function readAction(words: Statement, tables: Tables): Action {
  const [first] = words;
  if (first && !first.isQuoted && localMeans.has(first.text)) return { kind: 'local' };
  const at = words.findIndex((word) => isSign(word, 'host') || isSign(word, 'domain'));
  if (isSign(first, 'relay') && at < 0) return { kind: 'mx' };
  const { names, list } = readReference(words, at + 1, tables);
  // A table of the next hops of domains; what it holds for which, it tells nobody.
  const isByDomain = isSign(words[at], 'domain');
  return { kind: 'host', host: hostOf((isByDomain ? null : list?.[0]) ?? names) };
}

/** `tls://label@mail.example:587`: mail.example. */
function hostOf(url: string): string {
  const rest = url.slice(url.indexOf('://') < 0 ? 0 : url.indexOf('://') + 3);
  const host = rest.slice(rest.indexOf('@') + 1);
  return /^(\[[^\]]*\]|[^:]*)/.exec(host)?.[0] || 'a table';
}

interface Reference {
  /** For people. */
  readonly names: string;
  readonly list: DomainList;
  readonly next: number;
}

/** `<table>`, `"text"` or `{ list }` at that word. */
function readReference(words: Statement, at: number, tables: Tables): Reference {
  const word = words[at];
  if (isSign(word, '<')) {
    const names = words[at + 1]?.text ?? '';
    return { names, list: tables.get(names) ?? null, next: at + 3 };
  }
  if (isSign(word, '{')) {
    const end = words.findIndex((one, i) => i > at && isSign(one, '}'));
    const list = listIn(words.slice(at));
    return { names: list[0] ?? '', list, next: end < 0 ? words.length : end + 1 };
  }
  return { names: word?.text ?? '', list: word ? [word.text] : [], next: at + 1 };
}

function readRule(words: Statement, tables: Tables): Rule {
  let rule: Rule = {
    action: null,
    for: 'local',
    isNegated: false,
    isConditional: true,
    isFromAny: false,
    hasRecipients: false,
  };
  let isFromAny = false;
  let others = 0;
  for (let at = 0; at < words.length; at++) {
    const one = words[at];
    const next = words[at + 1];
    if (isSign(one, 'action')) {
      rule = { ...rule, action: next?.text ?? null };
      at++;
    } else if (isSign(one, 'from')) {
      isFromAny = isSign(next, 'any') && !isSign(words[at - 1], '!');
      if (!isSign(next, 'any') && !isSign(next, 'local') && !isSign(next, 'socket')) others++;
      at++;
    } else if (isSign(one, 'for')) {
      const read = readFor(words, at + 1, tables);
      others += read.isMore ? 1 : 0;
      rule = { ...rule, for: read.for, isNegated: isSign(words[at - 1], '!') };
      at = read.next - 1;
    } else if (isOption(one)) others++;
  }
  const hasRecipients = words.some((word) => isSign(word, 'rcpt-to'));
  return { ...rule, isConditional: !isFromAny || others > 0, isFromAny, hasRecipients };
}

function readFor(words: Statement, at: number, tables: Tables) {
  const word = words[at];
  if (isSign(word, 'any')) return { for: 'any', isMore: false, next: at + 1 } as const;
  if (isSign(word, 'local')) return { for: 'local', isMore: false, next: at + 1 } as const;
  const isRegex = isSign(words[at + 1], 'regex');
  const { list, next } = readReference(words, at + (isRegex ? 2 : 1), tables);
  const isDomain = isSign(word, 'domain');
  const domains = isDomain && !isRegex ? list : null;
  return { for: { domains }, isMore: !isDomain, next } as const;
}

const options = new Set(['auth', 'helo', 'mail-from', 'rcpt-to', 'tag', 'tls']);

function isOption(word: Word | undefined): boolean {
  return word !== undefined && !word.isQuoted && options.has(word.text);
}
