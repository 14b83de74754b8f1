/**
 * Which entries are to be changed, and how: the proposals of the causes, as far as the admin chose them.
 */
import type { Cause, Findings } from '../causes/cause.ts';

export interface PlannedEntry {
  readonly id: string;
  /** Of the entry that was judged; another one under the same name is left alone. */
  readonly fingerprint: number;
  readonly action: 'purge' | 'hold';
  readonly cause: Cause;
}

/** What became of the plan. */
export interface Outcome {
  readonly removed: number;
  readonly held: number;
  /** Delivered or removed by others meanwhile. */
  readonly gone: number;
  /** Being delivered at the moment: for the next run. */
  readonly busy: number;
  /** Not what it was when it was judged any more: for the next run. */
  readonly changed: number;
  /** The first 100. */
  readonly problems: readonly { readonly id: string; readonly problem: string }[];
  readonly problemCount: number;
}

export interface Choice {
  /** Numbers or names of causes; `proposed`: those with something to do. */
  readonly causes: readonly string[] | 'proposed' | 'all';
  /** Null: what each cause proposes. */
  readonly action: PlannedEntry['action'] | null;
}

/** The causes that a choice means, with what is to be done; those without anything to do are left out. */
export function chooseCauses(
  { causes }: Findings,
  choice: Choice,
): readonly { readonly cause: Cause; readonly action: PlannedEntry['action'] }[] {
  return causes.flatMap((cause) => {
    if (!isChosen(cause, choice)) return [];
    const action = choice.action ?? cause.proposal;
    return action === 'leave' ? [] : [{ cause, action }];
  });
}

/** Texts of the choice that name no cause. */
export function unknownCauses({ causes }: Findings, choice: Choice): readonly string[] {
  if (typeof choice.causes === 'string') return [];
  return choice.causes.filter((text) => !causes.some((cause) => isNamed(cause, text)));
}

/**
 * The same choice in names. Numbers are those of one look: in the next one another cause, of wanted mail
 * perhaps, is the largest.
 */
export function nameCauses({ causes }: Findings, choice: Choice): Choice {
  if (typeof choice.causes === 'string') return choice;
  const nameOf = (text: string) => causes.find((cause) => isNamed(cause, text))?.name ?? text;
  return { ...choice, causes: choice.causes.map(nameOf) };
}

/** Texts that are the number of a cause, not its name. */
export function numbersIn({ causes }: Choice): readonly string[] {
  return typeof causes === 'string' ? [] : causes.filter((text) => /^\d+$/.test(text));
}

export function* planEntries(findings: Findings, choice: Choice): Generator<PlannedEntry> {
  for (const { cause, action } of chooseCauses(findings, choice))
    for (const [at, id] of cause.ids.entries()) {
      const fingerprint = cause.fingerprints[at];
      if (fingerprint !== undefined) yield { id, fingerprint, action, cause };
    }
}

function isChosen(cause: Cause, { causes }: Choice): boolean {
  if (causes === 'all') return true;
  if (causes === 'proposed') return cause.proposal !== 'leave';
  return causes.some((text) => isNamed(cause, text));
}

function isNamed({ number, name }: Cause, text: string): boolean {
  return text === name || text === String(number);
}
