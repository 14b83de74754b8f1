/**
 * AUTH: a password is tried. Who guesses wrong waits, and after too many guesses is sent away.
 */
import { setTimeout as after } from 'node:timers/promises';
import { printable } from '../../mail/printable.ts';
import { replies } from '../../mail/reply.ts';
import type { Answer } from '../../wire/smtp/session.ts';
import { granted, refuse } from './answers.ts';
import type { Desk } from './services.ts';
import type { Visitor } from './visitor.ts';

export async function tryLogin(
  { crowd, services, log }: Desk,
  { key, client }: Visitor,
  user: string,
  password: string,
): Promise<Answer> {
  const { limits, logins } = services;
  if (logins === null) return refuse(replies.loginFailed);
  if (crowd.failedLogins(key, Date.now()) >= limits.failedLoginsPerClient)
    return refuse(replies.tooManyLogins, true);
  const found = await logins.verify(user, password);
  if (found === 'busy') return refuse(replies.loginBusy);
  if (found === 'granted') return granted;
  const failed = crowd.addFailedLogin(key, Date.now());
  log.warn({ client: client.address, user: printable(user, 100), failed }, 'refused a login');
  return await after(limits.slowReply, refuse(replies.loginFailed));
}
