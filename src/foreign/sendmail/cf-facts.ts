/**
 * What a sendmail.cf defines, as far as the guard's lines depend on it.
 *
 * Text is latin1. The format: one command letter at the start of a line, continued by lines that
 * start with a blank or a tab; `#` is a comment (op.txt chapter 5).
 */
export interface CfFacts {
  /** Level of the configuration, the number of the V line; 0 without one. */
  readonly level: number;
  /** Names in lower case, as sendmail compares them. */
  readonly rulesets: ReadonlySet<string>;
  readonly maps: ReadonlySet<string>;
  readonly classes: ReadonlySet<string>;
  /** Names of the X lines. */
  readonly filters: ReadonlySet<string>;
  /** What `O InputMailFilters` lists, in order; the last such line counts. */
  readonly inputFilters: readonly string[];
  /** `connect`, `helo`, ...: stages for which macros are listed. */
  readonly milterMacros: ReadonlySet<string>;
  /** Mailers that speak SMTP, by P=[IPC] or P=[TCP]. */
  readonly smtpMailers: readonly string[];
}

export function readCf(text: string): CfFacts {
  const facts = {
    level: 0,
    rulesets: new Set<string>(),
    maps: new Set<string>(),
    classes: new Set<string>(),
    filters: new Set<string>(),
    inputFilters: [] as string[],
    milterMacros: new Set<string>(),
    smtpMailers: [] as string[],
  };
  for (const line of commandLines(text)) {
    const rest = line.slice(1);
    const name = /^\s*\{?([\w.-]+)/.exec(rest)?.[1] ?? '';
    switch (line[0]) {
      case 'V':
        facts.level = Number.parseInt(rest, 10) || 0;
        break;
      case 'S': {
        facts.rulesets.add(name.toLowerCase());
        const number = /=\s*(\d+)/.exec(rest)?.[1];
        if (number !== undefined) facts.rulesets.add(number);
        break;
      }
      case 'K':
        facts.maps.add(name.toLowerCase());
        break;
      case 'C':
      case 'F':
        facts.classes.add(name);
        break;
      case 'X':
        facts.filters.add(/^[^,\s]*/.exec(rest)?.[0] ?? '');
        break;
      case 'M':
        if (/\bP\s*=\s*\[(IPC|TCP)\]/i.test(rest)) facts.smtpMailers.push(name);
        break;
      case 'O':
        readOption(rest, facts);
        break;
    }
  }
  return facts;
}

function readOption(
  rest: string,
  facts: { inputFilters: string[]; readonly milterMacros: Set<string> },
): void {
  const [, name = '', value = ''] = /^\s+([\w.]+)\s*=\s*(.*)$/.exec(rest) ?? [];
  const lower = name.toLowerCase();
  if (lower === 'inputmailfilters') facts.inputFilters = value.split(/[\s,;]+/).filter(Boolean);
  if (lower.startsWith('milter.macros.')) facts.milterMacros.add(lower.slice(14));
}

/** Commands with their continuations, without comments, empty lines and line ends. */
export function commandLines(text: string): string[] {
  const commands: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue;
    if (/^[ \t]/.test(line) && commands.length > 0) commands[commands.length - 1] += `\n${line}`;
    else commands.push(line);
  }
  return commands;
}
