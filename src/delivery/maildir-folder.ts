/**
 * Which folder of this machine is a recipient's mailbox?
 *
 * Local parts are written by strangers. Each becomes one name of a file: lower case, everything odd as
 * `%XX`, so that none of them leads out of the folder that the operator chose.
 */
import { comparableDomain, parseAddress } from '../mail/address.ts';

export interface MaildirPlace {
  /** The part of the template without placeholders: everything below it may be made. */
  readonly root: string;
  /** Below `root`, or equal to it. */
  readonly folder: string;
}

/** `template`: an absolute path with `{domain}` and `{mailbox}`. Null where the path is no mailbox. */
export function maildirOf(template: string, forwardPath: string): MaildirPlace | null {
  const at = forwardPath.lastIndexOf('@');
  if (at <= 0 || parseAddress(forwardPath).kind !== 'mailbox') return null;
  const mailbox = safeName(unquoted(forwardPath.slice(0, at)));
  const domain = safeName(comparableDomain(forwardPath.slice(at + 1)));
  if (mailbox === '' || mailbox.length > longestName || domain.length > longestName) return null;
  const folder = template.replaceAll('{domain}', domain).replaceAll('{mailbox}', mailbox);
  const brace = template.search(/\{(?:domain|mailbox)\}/);
  const root = brace < 0 ? template : template.slice(0, template.lastIndexOf('/', brace));
  return { root: root === '' ? '/' : withoutSlash(root), folder: withoutSlash(folder) };
}

/** Of a file on usual systems, in octets. */
const longestName = 255;

/** RFC 5321 §4.1.2: `"ann"@example.org` is the same mailbox as `ann@example.org`. */
function unquoted(localPart: string): string {
  return localPart.startsWith('"') && localPart.endsWith('"') && localPart.length > 1
    ? localPart.slice(1, -1).replace(/\\(.)/gs, '$1')
    : localPart;
}

function safeName(text: string): string {
  let name = '';
  for (const octet of Buffer.from(text.toLowerCase())) {
    const character = String.fromCharCode(octet);
    const isPlain = /[a-z0-9_+=@-]/.test(character) || (character === '.' && name !== '');
    name += isPlain ? character : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return name;
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}
