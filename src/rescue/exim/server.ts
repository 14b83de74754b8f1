import type { Root } from '../../machine/root.ts';
import type { MailServer } from '../mail-server.ts';

export async function findExim(root: Root): Promise<readonly MailServer[]> {
  void root;
  return [];
}
