/**
 * Postfix beside the guard: what docs/postfix.md tells an admin to write into main.cf.
 */
import type { FailureMode } from '../../src/mail/failure-mode.ts';
import type { ReplayReport } from '../../src/replay/report.ts';
import type { Check, Mode } from '../../src/verdict/verdict.ts';
import { type Guard, startGuard } from './guard.ts';
import { type Incident, incidentSizes, openIncident, play, toBackend } from './incident.ts';
import { openNetwork } from './network.ts';
import { openPostfix, type Postfix } from './postfix.ts';
import { until } from './until.ts';

const milterAction = { open: 'accept', closed: 'tempfail' } as const;
const policyAction = { open: 'DUNNO', closed: 'DEFER_IF_PERMIT' } as const;

/** A small incident: what matters here is which message went where. */
export const sizes = { ...incidentSizes, messages: 30, wanted: 30, misaddressed: 5 };

export interface PostfixScene extends AsyncDisposable {
  readonly postfix: Postfix;
  readonly guard: Guard;
  readonly incident: Incident;
}

export interface SceneOptions {
  /** For main.cf. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly modes?: Partial<Record<Check, Mode>>;
  /** More of spillway.toml: whole tables... */
  readonly more?: string;
  /** ...and lines of `[smtp]`. */
  readonly smtp?: string;
}

/** All run when it resolves; nothing is played yet. */
export async function openScene(options: SceneOptions = {}): Promise<PostfixScene> {
  const { settings = {}, modes = {}, more, smtp } = options;
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  const incident = stack.use(await openIncident(network, { sizes }));
  const postfix = stack.use(await openPostfix({ network, relay: toBackend, settings }));
  const guard = stack.use(await startGuard(postfix.machine, modes, more, smtp));
  await postfix.start();
  const kept = stack.move();
  return { postfix, guard, incident, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export async function isEmpty({ postfix }: PostfixScene): Promise<boolean> {
  return await until(async () => (await postfix.queued()) === 0);
}

/** Plays until Postfix has nothing left to do. */
export async function playOut({ postfix, incident }: PostfixScene): Promise<ReplayReport> {
  return await play(incident, { isOver: async () => (await postfix.queued()) === 0 });
}

const relays = Object.entries(toBackend).map(([domain, host]) => `{ ${domain} = smtp:[${host}] }`);
/** The routes of the incident. */
export const routes = `inline:{ ${relays.join(' ')} }`;

function milter(onFailure: FailureMode): string {
  const action = `default_action=${milterAction[onFailure]}`;
  return `{ inet:127.0.0.1:9998, ${action}, connect_timeout=3s, command_timeout=3s }`;
}

/** What comes in is asked about by the milter... */
export function byMilter(onFailure: FailureMode): Record<string, string> {
  return { smtpd_milters: milter(onFailure) };
}

/** ...or by the policy service... */
export function byPolicy(onFailure: FailureMode): Record<string, string> {
  const service = `check_policy_service { inet:127.0.0.1:9996, default_action=${policyAction[onFailure]}, timeout=3s, try_limit=1 }`;
  return { smtpd_recipient_restrictions: `reject_unauth_destination, ${service}` };
}

/** ...and Postfix's own notices by the milter... */
export function noticesByMilter(onFailure: FailureMode): Record<string, string> {
  return { non_smtpd_milters: milter(onFailure), internal_mail_filter_classes: 'bounce' };
}

/** ...or, whatever goes out, by the transport map. */
export const byTransport = {
  transport_maps: `${routes}, socketmap:inet:127.0.0.1:9997:postfix_transport`,
};

/** What Postfix does with the mail to the black hole, where the guard leaves that to it. */
export const toSeaton = /postfix\/(smtp|error)\[.*to=<nicholas@seaton\.biz>/;
/** A notice that Postfix wrote. */
export const written = /sender non-delivery notification/;

/** How many lines of its log so far match. */
export async function countInLog(postfix: Postfix, pattern: RegExp): Promise<number> {
  return (await postfix.machine.log()).filter((line) => pattern.test(line)).length;
}
