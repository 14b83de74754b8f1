import type { Root } from '../../machine/root.ts';
import type { MailServer } from '../mail-server.ts';

export async function findSendmail(root: Root): Promise<readonly MailServer[]> {
  void root;
  return [];
}
