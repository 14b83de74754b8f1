import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { z } from 'zod';
import { addressClasses, defaultRoutePolicy } from '../verdict/route-policy.ts';
import { checks } from '../verdict/verdict.ts';
import { schema } from './schema.ts';

const manual = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

/** `dns.servers`, `verdict.alone.loopback`, `domains.name`, ... */
function settingsOf(type: z.ZodObject): string[] {
  return Object.entries(type.shape).flatMap(([name, field]) => {
    const inner = tableIn(field);
    return inner ? settingsOf(inner).map((below) => `${name}.${below}`) : [name];
  });
}

/** The table that a setting is, or that it is a list of. */
function tableIn(type: unknown): z.ZodObject | null {
  if (type instanceof z.ZodPrefault || type instanceof z.ZodDefault) return tableIn(type.unwrap());
  if (type instanceof z.ZodArray) return tableIn(type.element);
  return type instanceof z.ZodObject ? type : null;
}

/** As the manual writes them: what stands for one of a list has a name in capitals. */
function inManual(setting: string): string {
  return setting
    .replace(new RegExp(`^checks\\.(${checks.join('|')})\\.`), 'checks.CHECK.')
    .replace(new RegExp(`\\.(alone|mixed)\\.(${addressClasses.join('|')})$`), '.$1.CLASS')
    .replace(/^(verdict\.alone)\.[a-z]+$/, '$1.KIND');
}

test('the manual has every setting, and no other', () => {
  const wanted = new Set(settingsOf(schema).map(inManual));
  const rows = manual.split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  assert.deepEqual(told.toSorted(), [...wanted].toSorted());
});

test('the manual has every class and kind', () => {
  for (const name of Object.keys(defaultRoutePolicy.alone))
    assert.ok(manual.includes(`\`${name}\``), name);
});
