/**
 * Reads spillway.toml. The program does not start half-configured: every error is told, each with
 * file, line, key, what was expected and what was found.
 */
import { readFile } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { errorCode } from '../mail/error-code.ts';
import { printable } from '../mail/printable.ts';
import { locateKey } from './locate.ts';
import { type Config, schema } from './schema.ts';

/** Read where no --config is given, if it exists. */
export const systemConfig = '/etc/spillway/spillway.toml';

/** The message lists every mistake, one per line. */
export class ConfigError extends Error {
  readonly code = 'CONFIG';
}

/** `file` undefined: the system's file if there is one, else the defaults. */
export async function readConfig(file: string | undefined): Promise<Config> {
  try {
    const bytes = await readFile(file ?? systemConfig);
    return parseConfig(bytes, file ?? systemConfig);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (file === undefined && isAbsent(error)) return schema.parse({});
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${printable(file ?? systemConfig)}: cannot be read: ${printable(why)}`, {
      cause: error,
    });
  }
}

/** Pure; `name` is told in errors. */
export function parseConfig(bytes: Uint8Array, name: string): Config {
  const file = printable(name);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`${file}: expected UTF-8 text, found other bytes`, { cause });
  }
  const result = schema.safeParse(parseToml(text, file), { reportInput: true });
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => describe(issue, text, file));
  throw new ConfigError(mistakes.join('\n'));
}

function parseToml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = ''] = error.message.split('\n');
    throw new ConfigError(`${file}:${error.line}:${error.column}: ${summary}`, { cause: error });
  }
}

function describe(issue: z.core.$ZodIssue, text: string, file: string): string {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = unknown === undefined ? issue.path : [...issue.path, unknown];
  const line = locateKey(text, path);
  const where = line === null ? file : `${file}:${line}`;
  const key = path.map((part) =>
    typeof part === 'number' ? `[${part}]` : `.${printable(String(part))}`,
  );
  const name = key.join('').slice(1);
  if (unknown !== undefined) return `${where}: ${name}: no such setting${suggestion(issue.path)}`;
  const found = issue.input === undefined ? 'nothing' : printable(JSON.stringify(issue.input), 80);
  return `${where}: ${name}: expected ${expectation(issue)}, found ${found}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return (
        { array: 'a list', object: 'a table', int: 'a whole number' }[issue.expected as string] ??
        `a ${issue.expected}`
      );
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      return `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

/** The settings that do exist at that place. */
function suggestion(path: readonly PropertyKey[]): string {
  let at: unknown = schema;
  for (const part of path)
    at = typeof part === 'number' ? elementOf(at) : shapeOf(at)?.[String(part)];
  const names = Object.keys(shapeOf(at) ?? {});
  return names.length > 0 ? `; there are ${names.join(', ')}` : '';
}

function shapeOf(type: unknown): { readonly [name: string]: unknown } | undefined {
  if (typeof type !== 'object' || type === null) return undefined;
  if ('shape' in type && typeof type.shape === 'object' && type.shape !== null)
    return Object.fromEntries(Object.entries(type.shape));
  return 'unwrap' in type && typeof type.unwrap === 'function' ? shapeOf(type.unwrap()) : undefined;
}

/** What a list is made of. */
function elementOf(type: unknown): unknown {
  if (typeof type !== 'object' || type === null) return undefined;
  if ('element' in type) return type.element;
  return 'unwrap' in type && typeof type.unwrap === 'function'
    ? elementOf(type.unwrap())
    : undefined;
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
}
