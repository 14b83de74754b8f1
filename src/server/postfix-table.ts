/**
 * A look-up of Postfix in a table of the guard, whatever protocol it came by: answered by the judge.
 */
import type { Judge } from '../judge/judge.ts';
import type { PostfixTable } from '../mail/postfix-tables.ts';
import { answerOf, nothing, questionOf, type TableAnswer } from '../wire/postfix-table/table.ts';

/** At once where it can. `key` has one character for each byte. */
export function askTable(
  judge: Judge,
  table: PostfixTable,
  key: string,
  adapter: 'socketmap' | 'tcp',
): TableAnswer | Promise<TableAnswer> {
  const question = questionOf(table, key, adapter);
  if (question === null) return nothing;
  const verdict = judge.ask(question);
  return verdict instanceof Promise
    ? verdict.then((late) => answerOf(table, late))
    : answerOf(table, verdict);
}
