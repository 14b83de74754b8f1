/**
 * A domain that is ours, as the configuration gives it.
 */
import type { Destination } from '../mail/destination.ts';

export interface HostedDomain {
  /** Comparable form (mail/domain.ts), so that both spellings of an international name match. */
  readonly name: string;
  /** Local parts, or whole addresses of this domain. */
  readonly mailboxes: readonly string[];
  readonly aliases: readonly Alias[];
  /** Where mail for every other local part goes; `*`: each of them exists and stays as it is. */
  readonly catchAll: string | null;
  readonly destination: Destination;
  /** Lists of other servers, asked in this order after `mailboxes` and `aliases`. */
  readonly maps: readonly MapSource[];
  /** Whether the destination is asked about a local part that no list knows. */
  readonly verify: 'none' | 'backend';
  /** Hand messages on while the client waits; of interest to the delivery only. */
  readonly cutThrough: boolean;
}

export interface Alias {
  /** A local part, or a whole address of this domain. */
  readonly from: string;
  /** Local parts of this domain or whole addresses of any; its own name keeps its mailbox. */
  readonly to: readonly string[];
}

export const mapKinds = [
  /** /etc/aliases of sendmail and Postfix. */
  'aliases',
  /** sendmail's virtusertable, the text that makemap reads. */
  'virtusertable',
  /** Postfix's virtual_alias_maps, the text that postmap reads. */
  'virtual-alias',
  /** Postfix's virtual_mailbox_maps and relay_recipient_maps: only the left side counts. */
  'recipients',
  /** /etc/passwd: whoever may have mail. */
  'passwd',
  /** One address or local part on each line. */
  'list',
] as const;
export type MapKind = (typeof mapKinds)[number];

export interface MapSource {
  readonly kind: MapKind;
  /** Of the text, not of the database that was made of it. */
  readonly path: string;
  /**
   * Whether we put the names on the right side in place of the left one. By default not where the
   * destination is a server by SMTP: such a map was read off that server, which does so itself.
   */
  readonly expand?: boolean;
}
