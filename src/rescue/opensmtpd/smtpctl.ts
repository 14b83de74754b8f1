/**
 * smtpctl(8), for many envelopes: it takes one at a time, so some of it run side by side.
 *
 * The control socket takes 32 connections of a user at most, and warns in the log of more.
 */
import type { Root } from '../../machine/root.ts';

export type EnvelopeVerb = 'pause' | 'resume' | 'remove';

/** What the scheduler of a running server says of an envelope. */
export interface Standing {
  readonly isInFlight: boolean;
  readonly isPaused: boolean;
}

export interface Smtpctl {
  /**
   * By id: whether the scheduler did it. It does not where it does not know the envelope, where that is
   * paused already or not, and where it is just being removed. A text says why it could not be asked.
   */
  each(verb: EnvelopeVerb, ids: readonly string[]): Promise<ReadonlyMap<string, boolean | string>>;
  /**
   * Of those among these envelopes that wait. `columns` are what showQueueColumns gives. A text says
   * why the server could not be asked.
   */
  standings(
    columns: ReadonlyMap<string, string | null>,
  ): Promise<ReadonlyMap<string, Standing> | string>;
  /** Tells the server of the envelopes in a message's folder; how many it took, null if none was asked. */
  discover(message: string): Promise<number | null>;
  /** All deliveries; false where that is so already, or cannot be. */
  switch(verb: 'pause' | 'resume', what: 'mta' | 'mda'): Promise<boolean>;
}

/** Its own words, where it failed as a whole. */
function complaintIn(output: string): string | null {
  return /^(?:[0-9a-f]+ )?(smtpctl: .*)$/m.exec(output)?.[1] ?? null;
}

const sideBySide = 4;
/** What one run of the shell works off, well below the minute that it has. */
const mostAtOnce = 250;

const verbs: { readonly [verb in EnvelopeVerb]: readonly string[] } = {
  pause: ['pause', 'envelope'],
  resume: ['resume', 'envelope'],
  remove: ['remove'],
};

const loop = 'while read -r id; do printf "%s " "$id"; "$@" "$id" 2>&1; echo; done';

export function createSmtpctl(root: Root, program: string): Smtpctl {
  async function runEach(command: readonly string[], ids: readonly string[]): Promise<string> {
    const size = Math.min(mostAtOnce, Math.ceil(ids.length / sideBySide));
    const parts: (readonly string[])[] = [];
    for (let at = 0; at < ids.length; at += size) parts.push(ids.slice(at, at + size));
    const outputs: string[] = [];
    const work = async () => {
      for (let part = parts.shift(); part; part = parts.shift()) {
        const shell = ['sh', '-c', loop, 'sh', program, ...command];
        const ran = await root.run('/', shell, part.map((id) => `${id}\n`).join(''));
        outputs.push(ran.stdout, ran.status === 0 ? '' : `smtpctl: ${ran.stderr}\n`);
      }
    };
    await Promise.all(Array.from({ length: sideBySide }, work));
    return outputs.join('');
  }

  return {
    async each(verb, ids) {
      const output = await runEach(verbs[verb], ids);
      const why = complaintIn(output) ?? 'smtpctl said nothing of it';
      const done = new Map<string, boolean | string>(ids.map((id) => [id, why]));
      for (const [, id = '', count] of output.matchAll(/^([0-9a-f]{16}) (\d+) envelope/gm))
        if (done.has(id)) done.set(id, count !== '0');
      return done;
    },

    async standings(columns) {
      const messages = new Set([...columns.keys()].map((id) => id.slice(0, 8)));
      const output = await runEach(['show', 'queue'], [...messages]);
      const found = new Map<string, Standing>();
      for (const line of output.split('\n')) {
        const start = /^(?:[0-9a-f]{8} )?([0-9a-f]{16})\|\w*\|\w*\|([\w,]*)\|/.exec(line);
        const [head = '', id = '', flags = ''] = start ?? [];
        if (!start || !columns.has(id)) continue;
        const addresses = `${columns.get(id)}|`;
        const rest = line.slice(head.length);
        const state = rest.startsWith(addresses)
          ? /^\d+\|\d+\|\d+\|\d+\|(\w+)\|/.exec(rest.slice(addresses.length))?.[1]
          : undefined;
        // Where it does not run, smtpctl reads the files itself.
        if (state === 'offline') return 'smtpd does not run';
        found.set(id, {
          isInFlight: state !== 'pending',
          isPaused: flags.split(',').includes('suspend'),
        });
      }
      return found.size === 0 ? (complaintIn(output) ?? found) : found;
    },

    async discover(message) {
      const { stdout } = await root.run('/', [program, 'discover', message]);
      const count = /^(\d+) envelopes? discovered/m.exec(stdout)?.[1];
      return count === undefined ? null : Number(count);
    },

    async switch(verb, what) {
      const { status } = await root.run('/', [program, verb, what]);
      return status === 0;
    },
  };
}
