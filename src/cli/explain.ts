/**
 * `spillway explain`: a verdict, step by step, in words an admin understands.
 */
import { styleText } from 'node:util';
import { Command } from 'commander';
import { smtpEndpoints } from '../config/own-listeners.ts';
import { readConfig } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import type { Judge } from '../judge/judge.ts';
import type { Routes } from '../judge/routes.ts';
import { type Domain, formatDomain, parseAddress, parseDomain } from '../mail/address.ts';
import { printable, printableJson } from '../mail/printable.ts';
import { formatReply } from '../mail/reply.ts';
import { reasonWords } from '../verdict/reasons.ts';
import type { RouteVerdict } from '../verdict/route.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';
import { CommandError, exit } from './exit.ts';
import { collect, type Overrides, overridden } from './overrides.ts';
import { createGuard, type GuardParts } from './wiring.ts';

interface Options extends Overrides {
  readonly config?: string;
  readonly json?: true;
}

interface Explanation {
  readonly subject: string;
  readonly domain: string;
  readonly route: RouteVerdict;
  readonly asSender: Verdict;
  readonly asRecipient: Verdict;
  readonly asNotice: Verdict;
}

export function explainCommand(): Command {
  return new Command('explain')
    .description('Tell what becomes of mail from and to a domain or an address, and why.')
    .argument('<domain|address>', 'such as seaton.biz or nicholas@seaton.biz')
    .option('--dns <host:port>', 'ask this name server instead of the configured ones', collect)
    .option('--public <cidr>', 'count the addresses of this network as public', collect)
    .option('--config <file>', 'read this configuration')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExit status: 0 mail can be delivered, 1 it cannot, 2 wrong usage, 75 DNS gives no answer now.',
    )
    .action(async (subject: string, options: Options) => {
      const domain = readSubject(subject);
      const config = overridden(await readConfig(options.config), options);
      const explanation = await explain(subject, domain, config);
      const text = options.json ? formatJson(explanation) : formatText(explanation);
      process.stdout.write(`${text}\n`);
      process.exitCode = statusOf(explanation.route);
    });
}

/** Throws CommandError where the subject is neither domain nor address. */
function readSubject(subject: string): Domain {
  if (!subject.includes('@')) {
    const domain = parseDomain(subject);
    if (domain) return domain;
    throw new CommandError(
      `expected a domain or an address such as seaton.biz or nicholas@seaton.biz, found ${printable(JSON.stringify(subject), 80)}`,
    );
  }
  const address = parseAddress(subject);
  if (address.kind === 'mailbox') return address.domain;
  const problem = address.kind === 'fault' ? `it has ${address.problem}` : 'it has no domain';
  throw new CommandError(`${printable(JSON.stringify(subject), 80)} is no address: ${problem}`);
}

async function explain(subject: string, domain: Domain, config: Config): Promise<Explanation> {
  await using guard = await createGuard(config, {
    hosted: hostedNames(config),
    record() {},
    kept: async () => {},
    onFault(fault) {
      throw fault;
    },
  });
  return await askAll(subject, domain, guard.judge, guard.routes);
}

/** Domains whose mail the server takes itself. */
function hostedNames(config: Config): NonNullable<GuardParts['hosted']> | null {
  if (smtpEndpoints(config.smtp).length === 0) return null;
  return { names: config.domains.map(({ name }) => name), directory: null };
}

async function askAll(
  subject: string,
  domain: Domain,
  judge: Judge,
  routes: Routes,
): Promise<Explanation> {
  const route = await routes.routeOf(domain);
  if (route === null) throw new CommandError('too many look-ups at once', exit.tryAgain);
  const name = formatDomain(domain);
  const path = subject.includes('@') ? subject : `postmaster@${name}`;
  const common = {
    adapter: 'explain',
    client: null,
    reversePath: path,
    forwardPath: path,
    queueId: null,
    // As a mail server that leaves the way to DNS, so that our own domains are not taken for hosted.
    nextHop: { mailer: 'smtp', host: name, address: path },
  } as const satisfies Partial<Question>;
  return {
    subject,
    domain: name,
    route,
    asSender: await judge.ask({ ...common, check: 'sender' }),
    asRecipient: await judge.ask({ ...common, check: 'recipient' }),
    asNotice: await judge.ask({ ...common, check: 'notice' }),
  };
}

function formatJson({ subject, domain, route, ...as }: Explanation): string {
  const outcome = ({ action, reply, reason }: Verdict) => ({ action, reply, reason });
  const json = JSON.stringify(
    {
      subject,
      domain,
      route: {
        kind: route.kind,
        class: route.class,
        reason: route.reason,
        mx: route.mx.map(({ preference, name, addresses }) => ({
          preference,
          name,
          addresses: addresses.map((judged) => ({
            address: judged.address.text,
            class: judged.class,
          })),
        })),
      },
      asSender: outcome(as.asSender),
      asRecipient: outcome(as.asRecipient),
      asNotice: outcome(as.asNotice),
      steps: route.steps,
    },
    null,
    2,
  );
  return json.split('\n').map(printableJson).join('\n');
}

function formatText({ domain, route, ...as }: Explanation): string {
  const isGood = route.kind === 'deliver' || route.kind === 'routed';
  const headline = `${domain}: ${reasonWords[route.reason]}`;
  return [
    styleText([isGood ? 'green' : 'red', 'bold'], printable(headline)),
    '',
    ...route.steps.slice(0, -1).map((step) => `  ${printable(step)}`),
    ...(route.steps.length > 1 ? [''] : []),
    `  route         ${route.kind}${route.class && !isGood ? ` (${route.class})` : ''}`,
    `  as sender     ${describe(as.asSender, 'at MAIL')}`,
    `  as recipient  ${describe(as.asRecipient, 'at RCPT')}`,
    `  as notice     ${describe(as.asNotice, 'before it is sent')}`,
  ].join('\n');
}

function describe({ action, reply }: Verdict, stage: string): string {
  const said = reply ? `: ${formatReply(reply)}` : '';
  const words = {
    accept: 'accepted',
    refuse: `refused ${stage}`,
    defer: 'deferred, to be tried again',
    discard: 'ended, with a receipt in the journal',
    quarantine: 'put aside',
  };
  return `${words[action]}${said}`;
}

function statusOf({ kind }: RouteVerdict): number {
  if (kind === 'unknown') return exit.tryAgain;
  return kind === 'deliver' || kind === 'routed' ? exit.well : exit.trouble;
}
