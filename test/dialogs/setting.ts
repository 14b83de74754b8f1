/**
 * What is not as usual in a dialog, and the small world that all of them are set in.
 *
 * example.org is ours, with ann and bob; x.example and others are somewhere. `listener: smtp`,
 * `submission` or `lmtp`; `tls: begins` is implicit TLS, `tls: demanded` or `tls: none`; `proxy: yes`
 * lets the client use XCLIENT; `limits: recipients=1 errors=3`; ann may log in with `secret`.
 *
 * `played: rcpt tooManyUnknown close` makes up an answer that depends on more than one conversation;
 * `early: yes` is a client that does not wait. Such a dialog is not replayed live.
 */
import assert from 'node:assert/strict';
import type { Dialog } from './dialog.ts';

export interface Limits {
  readonly recipients: number;
  readonly messages: number;
  readonly errors: number;
  readonly size: number;
}

export interface Setting {
  readonly listener: 'smtp' | 'submission' | 'lmtp';
  readonly tls: 'offered' | 'begins' | 'demanded' | 'none';
  readonly isProxy: boolean;
  readonly limits: Limits;
  /** Request kind, name of a reply, and whether it closes. */
  readonly played: {
    readonly request: string;
    readonly reply: string;
    readonly close: boolean;
  } | null;
  readonly isEarly: boolean;
}

const usualLimits: Limits = { recipients: 100, messages: 100, errors: 20, size: 10_000 };

export function readSetting({ name, settings }: Dialog): Setting {
  const known = ['listener', 'tls', 'proxy', 'limits', 'played', 'early'];
  for (const setting of settings.keys()) assert.ok(known.includes(setting), `${name}: ${setting}`);
  const listener = oneOf(['smtp', 'submission', 'lmtp'] as const, settings.get('listener'), 'smtp');
  const tls = oneOf(
    ['offered', 'begins', 'demanded', 'none'] as const,
    settings.get('tls'),
    'offered',
  );
  const limits: Record<string, number> = { ...usualLimits };
  for (const [, limit = '', value] of settings.get('limits')?.matchAll(/(\w+)=(\d+)/g) ?? []) {
    assert.ok(limit in usualLimits, `${name}: ${limit}`);
    limits[limit] = Number(value);
  }
  const [request, reply, close] = settings.get('played')?.split(' ') ?? [];
  const isPlayed = request !== undefined && reply !== undefined;
  return {
    listener,
    tls,
    isProxy: settings.get('proxy') === 'yes',
    limits: { ...usualLimits, ...limits },
    played: isPlayed ? { request, reply, close: close === 'close' } : null,
    isEarly: settings.get('early') === 'yes',
  };
}

function oneOf<T extends string>(known: readonly T[], given: string | undefined, usual: T): T {
  const found = known.find((value) => value === given);
  assert.ok(found ?? given === undefined, `${given} is none of ${known}`);
  return found ?? usual;
}
