/**
 * Proves the guard with Postfix itself: its tables are asked by postmap(1), and a client that is to be
 * turned away knocks at its door, as does one that is not.
 *
 * 127.0.0.2 stands for the black hole: no DNS is needed to know where it leads. Each question leaves a
 * receipt in the guard's journal.
 */
import { parametersOf } from '../foreign/postfix/guard-lines.ts';
import {
  formatPostfixSocket,
  type Hook,
  type PostfixGuardSettings,
} from '../foreign/postfix/guard-settings.ts';
import { readParameters } from '../foreign/postfix/main-cf.ts';
import { isPostfixRunning, mailPortOf, readPostconf } from '../machine/postfix.ts';
import { errorText } from '../mail/error-text.ts';
import { askMilter, askPolicy, askSmtp, askSocketmap, listening } from './ask-guard.ts';
import { faultAt } from './change-flow.ts';
import { noticeCheckOf, probeNotice } from './postfix-probe.ts';
import {
  installCommand,
  lookAtPostfix,
  type PostfixOptions,
  type PostfixScene,
} from './postfix-scene.ts';
import { note, type Report, reportOf, type Step, trouble, well } from './report.ts';
import { probeEnvelope } from './smtp-probe.ts';

const blackHole = 'spillway-test@[127.0.0.2]';

export async function provePostfixGuard(options: PostfixOptions): Promise<Report> {
  const { root, settings, receiptsAbout } = options;
  const { steps, scene } = await lookAtPostfix(options);
  const report = (next?: readonly string[]): Report => reportOf(steps, next);
  if (!scene) return report();
  const { installed, place, text } = scene;
  if (installed === null) {
    steps.push(trouble('guard', `${place.mainCf} does not ask the guard yet`));
    return report([installCommand(place)]);
  }
  if ('kind' in installed) {
    steps.push(trouble('guard', faultAt(place.mainCf, installed)));
    return report();
  }
  const used = { ...installed, ...settings };
  const values = readParameters(text);
  for (const name of used.hooks.flatMap((hook) => parametersOf[hook]))
    steps.push(well(name, values.get(name) ?? ''));
  steps.push(...(await askGuard(scene, used)));
  if (steps.some(({ outcome }) => outcome === 'waiting')) return report(['spillway run']);
  if (used.hooks.includes('transport')) steps.push(...(await askTransport(scene, used)));
  if (!(await isPostfixRunning(root, place))) {
    steps.push(note('server', 'Postfix does not run; nobody knocked at its door'));
    return report([['postfix', ...place.instance, 'start'].join(' ')]);
  }
  if (root.folder !== '/') return report();
  steps.push(...(await knock(scene, used.hooks)));
  const check = noticeCheckOf(used.hooks);
  if (receiptsAbout && check) steps.push(await probeNotice(scene, check, receiptsAbout));
  return report();
}

async function askGuard({ root }: PostfixScene, settings: PostfixGuardSettings): Promise<Step[]> {
  const { hooks, milter, policy, socketmap, sink } = settings;
  const questions = {
    milter: async () => listening('milter', milter, await askMilter(root, milter)),
    policy: async () => listening('policy', policy, await askPolicy(root, policy)),
    socketmap: async () => listening('socketmap', socketmap, await askSocketmap(root, socketmap)),
    sink: async () => listening('sink', sink, await askSmtp(root, sink)),
  };
  const doors = {
    milter: 'milter',
    notices: 'milter',
    policy: 'policy',
    transport: 'socketmap',
    sink: 'sink',
  } as const;
  const wanted = new Set(hooks.map((hook) => doors[hook]));
  return await Promise.all([...wanted].map((door) => questions[door]()));
}

async function askTransport(
  { root, place }: PostfixScene,
  { socketmap }: PostfixGuardSettings,
): Promise<Step[]> {
  const table = `socketmap:${formatPostfixSocket(socketmap, place.queueFolder)}:postfix_transport`;
  const ask = async (key: string): Promise<string> => {
    // Paths of sockets are told from here.
    const ran = await root.run(place.queueFolder, ['postmap', ...place.instance, '-q', key, table]);
    return (ran.stdout || ran.stderr).trim() || (ran.status === 1 ? 'not found' : 'no answer');
  };
  const [dead, other] = [await ask(blackHole), await ask('*')];
  const asked = (key: string, said: string) => `postmap -q '${key}' ${table}: ${said}`;
  return [
    /^error:5/.test(dead)
      ? well('mail to a black hole', asked(blackHole, dead))
      : trouble(
          'mail to a black hole',
          `${asked(blackHole, dead)}; is the check "recipient" off, or only watching?`,
        ),
    (other === 'not found' ? well : trouble)('all other mail', asked('*', other)),
  ];
}

/** As a client of this machine, which Postfix mostly trusts. */
async function knock({ root, place }: PostfixScene, hooks: readonly Hook[]): Promise<Step[]> {
  const port = await mailPortOf(root, place);
  if (port === null) return [note('door', 'master.cf has no smtpd on TCP')];
  if (typeof port !== 'number') return [trouble('door', port.problem)];
  const said = (reply: string): string => `at 127.0.0.1 port ${port}: ${reply}`;
  const steps: Step[] = [];
  try {
    if (hooks.includes('milter') || hooks.includes('policy')) {
      // Restrictions do not speak about a bare postmaster.
      const { values } = await readPostconf(root, place.instance, ['myhostname']);
      const recipient = `postmaster@${values.get('myhostname') ?? 'localhost'}`;
      const reply = await probeEnvelope(port, blackHole, recipient);
      steps.push(knocked(hooks, reply, said(reply)));
    }
    const taken = await probeEnvelope(port, '', 'postmaster');
    steps.push((taken.startsWith('2') ? well : trouble)('notice to the postmaster', said(taken)));
  } catch (error) {
    steps.push(note('door', said(errorText(error))));
  }
  return steps;
}

function knocked(hooks: readonly Hook[], reply: string, said: string): Step {
  const name = 'sender in a black hole';
  if (/^5\d\d .*Sender domain/.test(reply)) return well(name, reply);
  if (hooks.includes('milter')) {
    const why = 'was Postfix reloaded, is the check "sender" off, or only watching?';
    return trouble(name, `${said}; ${why}`);
  }
  const why = 'clients of this machine may be let in before the policy service is asked';
  return note(name, `${said}; ${why}`);
}
