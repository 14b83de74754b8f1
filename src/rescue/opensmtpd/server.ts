import type { Root } from '../../machine/root.ts';
import type { MailServer } from '../mail-server.ts';

export async function findOpenSmtpd(root: Root): Promise<readonly MailServer[]> {
  void root;
  return [];
}
