/**
 * Replies of the tcp_table protocol: a code, a blank, and the value or why there is none.
 *
 * Postfix tcp_table(5): a reply has at most 4,096 bytes; a client that reads a longer one, or one that
 * makes no sense, tries again later.
 */
import type { TableAnswer } from '../postfix-table/table.ts';
import { quote } from './quoting.ts';

const longestReply = 4_096;

export function formatTableAnswer(answer: TableAnswer): string {
  switch (answer.kind) {
    case 'found': {
      const line = `200 ${quote(answer.value)}\n`;
      return line.length > longestReply ? temporary('an answer that is too long') : line;
    }
    case 'nothing':
      return '500 not%20found\n';
    case 'temporary':
      return temporary(answer.why);
  }
}

/** Also said of what is no request: who asks so is not to take it for "not found". */
export function temporary(why: string): string {
  return `400 ${quote(why.slice(0, 400))}\n`;
}
