/**
 * A part of a page that a test writes: between two marks, and nobody edits it by hand.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What stands there now must be `text`; with SPILLWAY_WRITE_DOCS=1 it is put there. */
export async function putGenerated(page: string, name: string, text: string): Promise<void> {
  const file = fileURLToPath(new URL(`../${page}`, import.meta.url));
  const whole = await readFile(file, 'utf8');
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->\n`];
  const [from, to] = [whole.indexOf(begin), whole.indexOf(end)];
  assert.ok(from >= 0 && to > from, `${page} has no place for ${name}: ${begin.trim()}`);
  const [before, after] = [whole.slice(0, from + begin.length), whole.slice(to)];
  if (process.env['SPILLWAY_WRITE_DOCS'] === '1') await writeFile(file, before + text + after);
  else
    assert.equal(
      whole.slice(before.length, to),
      text,
      `${page} says something else; SPILLWAY_WRITE_DOCS=1 writes it`,
    );
}
