/**
 * Proves the guard with Exim itself: it tells its routers (`exim -bP`), plays a session (`-bh`), routes
 * (`-bt`), asks about a notice (`-be`), and a client knocks at the door of the daemon.
 *
 * black-hole.localhost stands for the black hole: no DNS is asked where it leads (RFC 6761 §6.3), and
 * Exim takes no addresses in brackets by default. Each question leaves a receipt in the guard's journal.
 */
import { defaultEximGuard, formatEximSocket } from '../foreign/exim/guard-lines.ts';
import { asksGuard, type ToldDriver } from '../foreign/exim/told-drivers.ts';
import { failureOf } from '../machine/failure.ts';
import { askReadsocket, listening } from './ask-guard.ts';
import { isDaemonRunning, reloadCommand } from './exim-daemon.ts';
import { goingRouters, toldRouters, unguardedRouters } from './exim-routers.ts';
import { type EximOptions, type EximScene, lookAtExim } from './exim-scene.ts';
import { hasTrouble, note, type Report, reportOf, type Step, trouble, well } from './report.ts';
import { probeEnvelope } from './smtp-probe.ts';

const blackHole = 'spillway-test@black-hole.localhost';
const refusedSender = /^5\d\d .*Sender domain/;

export async function proveEximGuard(options: EximOptions): Promise<Report> {
  const { steps, scene } = await lookAtExim(options);
  const report = (next?: readonly string[]): Report => reportOf(steps, next);
  if (!scene) return report();
  const routers = await toldRouters(scene.program);
  if (scene.installed === null && !routers.some(asksGuard)) {
    steps.push(trouble('guard', `${scene.layout.configFile} does not ask the guard yet`));
    return report(['spillway install exim']);
  }
  const { readsocket } = { ...(scene.installed ?? defaultEximGuard), ...options.settings };
  const asked = await askReadsocket(scene.root, readsocket);
  steps.push(listening('readsocket', readsocket, asked));
  if (steps.some(({ outcome }) => outcome === 'waiting')) return report(['spillway run']);
  steps.push(await askByExim(scene, readsocket), ...judgeRouters(routers));
  const session = await playSession(scene);
  steps.push(...session);
  const asking = routers.find(asksGuard);
  if (asking) steps.push(await routeMail(scene), await askAboutNotice(scene, asking));

  if (!(await isDaemonRunning(scene.program))) {
    steps.push(note('daemon', 'Exim does not run; nobody knocked at its door'));
    return report();
  }
  if (scene.root.folder === '/') {
    const door = await knock(!hasTrouble(session));
    steps.push(...door);
    if (hasTrouble(door)) return report([await reloadCommand(scene)]);
  }
  return report();
}

/** Whether Exim's own expansion reaches it. */
async function askByExim({ program }: EximScene, readsocket: string): Promise<Step> {
  const name = 'readsocket by Exim';
  const socket = formatEximSocket(readsocket);
  const asked = `\${readsocket{${socket}}{spillway/1 alive\\n}{5s}{}{no answer}}`;
  const ran = await program.run(['-be', asked]);
  const said = ran.stdout.trim();
  return said === 'accept'
    ? well(name, `exim -be: ${said}`)
    : trouble(name, `exim -be '${asked}': ${said || failureOf('it', ran)}`);
}

function judgeRouters(routers: readonly ToldDriver[]): Step[] {
  const going = goingRouters(routers);
  if (going.length === 0)
    return [note('routers', 'none goes where an address says: notices are not asked about')];
  const unguarded = unguardedRouters(routers);
  return going.map(({ name }) => {
    const why = unguarded.find((router) => router.name === name)?.why;
    return why === undefined
      ? well(`router ${name}`, 'the guard is asked before it')
      : note(`router ${name}`, `${why}; spillway install exim tells more`);
  });
}

/** By `-bh`, which reads the configuration as it is now. */
async function playSession({ program }: EximScene): Promise<Step[]> {
  const commands = ['EHLO localhost', `MAIL FROM:<${blackHole}>`, 'RSET', 'MAIL FROM:<>'];
  const input = [...commands, `RCPT TO:<${blackHole}>`, 'QUIT', ''].join('\r\n');
  const ran = await program.run(['-bh', '127.0.0.1'], input);
  const replies = ran.stdout.split(/\r?\n/).filter((line) => /^\d{3}( |$)/.test(line));
  // Greeting, EHLO, MAIL, RSET, MAIL, RCPT.
  const none = ran.status === 0 ? 'no reply' : failureOf('it', ran);
  const [, , sender = none, , , recipient = none] = replies;
  return [
    refusedSender.test(sender)
      ? well('sender in a black hole', `exim -bh: ${sender}`)
      : trouble(
          'sender in a black hole',
          `exim -bh: ${sender}; is the check "sender" off, or only watching?`,
        ),
    /^5\d\d /.test(recipient)
      ? well('recipient in a black hole', `exim -bh: ${recipient}`)
      : note(
          'recipient in a black hole',
          `exim -bh: ${recipient}; Exim routes it by name, perhaps`,
        ),
  ];
}

/** By `-bt`, for which Exim verifies, as it does at RCPT. */
async function routeMail({ program }: EximScene): Promise<Step> {
  const name = 'mail to a black hole';
  const { stdout, stderr } = await program.run(['-bt', blackHole]);
  const said = `exim -bt: ${(stdout || stderr).trim().replace(/\s*\n\s*/g, ', ')}`;
  return / 550 5\.\d+\.\d+ Recipient domain/.test(said)
    ? well(name, said)
    : note(
        name,
        `${said}; you route it by name, or the check "recipient" is off, or only watching`,
      );
}

/** The question of the router itself, with a notice put in, expanded by Exim. */
async function askAboutNotice({ program }: EximScene, router: ToldDriver): Promise<Step> {
  const name = 'notice to a black hole';
  const set = router.options.find((line) => line.startsWith('set = r_spillway = ')) ?? '';
  const question = set
    .replace('set = r_spillway = ', '')
    .replace('$sender_address}', '}')
    .replace('$local_part}', 'spillway-test}')
    .replaceAll('$domain}', 'black-hole.localhost}');
  // As an argument it may have 256 characters.
  const ran = await program.run(['-be'], `${question}\n`);
  const answer = ran.stdout.replace(/^(> ?)+/gm, '').trim();
  const said = `exim -be, as ${router.name} asks: ${answer || failureOf('it', ran)}`;
  return /: discard [\w-]+$/.test(said)
    ? well(name, said)
    : trouble(name, `${said}; is the check "notice" off, or only watching?`);
}

/** As a client of this machine. `isAsking`: the configuration that the daemon should have read asks. */
async function knock(isAsking: boolean): Promise<Step[]> {
  const where = '127.0.0.1 port 25';
  try {
    const refused = await probeEnvelope(25, blackHole, 'postmaster');
    const taken = await probeEnvelope(25, '', 'postmaster');
    const why = isAsking ? '; the daemon was started before the change: it must be reloaded' : '';
    return [
      refusedSender.test(refused)
        ? well('door', `${where}: ${refused}`)
        : trouble('door', `${where}: ${refused}${why}`),
      taken.startsWith('2')
        ? well('notice to the postmaster', `${where}: ${taken}`)
        : note('notice to the postmaster', `${where}: ${taken}`),
    ];
  } catch (error) {
    return [note('door', `${where}: ${error instanceof Error ? error.message : error}`)];
  }
}
