/**
 * The lines `-name value` of a -H file, as far as a queue is judged by them.
 *
 * `--name` marks a value that a stranger gave, `--(lookup)name` one that is quoted for a lookup besides.
 * Exim ignores names it does not know, so that other versions can write more; so do we.
 */
import type { SpoolFault, SpoolLines } from './spool-lines.ts';
import { numberAt } from './spool-lines.ts';

export interface SpoolVariables {
  /** Where the line stands that says so, its line feed included; null: it is not frozen. */
  frozen: { readonly start: number; readonly end: number } | null;
  /** The message is a notice of this server's own. */
  isLocalError: boolean;
  /** IP address that brought it; null for what was handed in on the machine. */
  hostAddress: string | null;
  hostName: string | null;
  heloName: string | null;
  /** Microseconds of the time of arrival. */
  microseconds: number;
}

/** Leaves `lines` at the first line that is none of these. */
export function readVariables(lines: SpoolLines): SpoolVariables | SpoolFault {
  const variables: SpoolVariables = {
    frozen: null,
    isLocalError: false,
    hostAddress: null,
    hostName: null,
    heloName: null,
    microseconds: 0,
  };
  for (;;) {
    if (!lines.next()) return lines.faultAfter('variables, then the addresses that are done');
    if (lines.octet() !== '-') return variables;
    const fault = readVariable(lines, variables);
    if (fault) return fault;
  }
}

function readVariable(lines: SpoolLines, variables: SpoolVariables): SpoolFault | null {
  const { file, end } = lines;
  let name = lines.start + (lines.octet(1) === '-' ? 2 : 1);
  if (file[name] === '(') {
    name = file.indexOf(')', name) + 1;
    if (name === 0 || name > end) return lines.faultHere('a lookup in parentheses');
  }
  switch (file[name]) {
    case 'a':
      return lines.has('acl', name) ? skipAclVariable(lines, name) : null;
    case 'f':
      if (lines.has('frozen ', name)) variables.frozen = { start: lines.start, end: end + 1 };
      return null;
    case 'h':
      if (lines.has('host_address ', name))
        variables.hostAddress = withoutPort(lines.text(name + 13));
      else if (lines.has('host_name ', name)) variables.hostName = lines.text(name + 10);
      else if (lines.has('helo_name ', name)) variables.heloName = lines.text(name + 10);
      return null;
    case 'l':
      if (lines.has('localerror', name) && name + 10 === end) variables.isLocalError = true;
      return null;
    case 'r':
      if (lines.has('received_time_usec .', name))
        variables.microseconds = Math.min(numberAt(file, name + 20)?.value ?? 0, 999_999);
      return null;
    default:
      return null;
  }
}

/** `-aclm name length`, before Exim 4.61 `-acl number length`; that many octets of anything follow. */
function skipAclVariable(lines: SpoolLines, name: number): SpoolFault | null {
  const found = /^acl[cm]? \S+ (\d{1,9})$/.exec(lines.text(name));
  if (!found) {
    // What is no variable of an ACL is for another version to know.
    return /^acl[cm]? /.test(lines.text(name)) ? lines.faultHere('a name and a length') : null;
  }
  return lines.skip(Number(found[1])) ? null : lines.faultHere('a length inside of the file');
}

/** `[192.0.2.7]:25`, as Exim 4 writes it; before, `192.0.2.7.25`. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(text)?.[1];
  if (bracketed !== undefined) return bracketed;
  return /^(\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:]*)\.\d+$/i.exec(text)?.[1] ?? text;
}
