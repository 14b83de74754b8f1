/**
 * The tables of the guard that Postfix looks things up in, by the names that stand in its main.cf.
 *
 * - postfix_transport: transport_maps, addresses of whatever is delivered
 * - postfix_sender: check_sender_access
 * - postfix_recipient: check_recipient_access
 */
export const postfixTables = ['postfix_transport', 'postfix_sender', 'postfix_recipient'] as const;
export type PostfixTable = (typeof postfixTables)[number];

export function isPostfixTable(name: string): name is PostfixTable {
  return postfixTables.some((table) => table === name);
}
