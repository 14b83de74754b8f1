/**
 * A message that a replay sends: planned as data, written when it is sent, recognised where it turns up.
 */
import { markerField } from './received-content.ts';

/**
 * - spam: nobody wants it, and nobody may ever get a notice about it
 * - wanted: good sender, known recipient: must reach the backend
 * - misaddressed: good sender, unknown recipient: refused, or its sender gets a notice
 * - variant: sender at an oddity of DNS, unknown recipient: a notice only where it can be delivered
 */
export type MessageKind = 'spam' | 'wanted' | 'misaddressed' | 'variant';

export interface Planned {
  readonly kind: MessageKind;
  /** Unique in the plan: `wanted-17`; `variant-nullmx` for a variant. */
  readonly marker: string;
  /** Address of who sends it, told by XCLIENT where the server takes that. */
  readonly client: string;
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  readonly subject: string;
  /** Header fields besides the usual ones: `Auto-Submitted: auto-replied`. */
  readonly fields: readonly string[];
  /** Lines ended by LF. */
  readonly body: string;
}

/** The text that is sent. `run` tells this run's mail from what an earlier one left behind; no blanks. */
export function writeContent(planned: Planned, run: string, now: Date): string {
  return [
    `From: <${planned.reversePath}>`,
    `To: ${planned.forwardPaths.map((path) => `<${path}>`).join(',\n ')}`,
    `Subject: ${planned.subject}`,
    `Date: ${now.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${planned.marker}.${run}@replay.example>`,
    `${markerField}: ${run}/${planned.marker}`,
    ...planned.fields,
    '',
    planned.body,
  ].join('\n');
}

/** The other way: null where the marker is of another run, or none of ours. */
export function readMarker(marker: string | null, run: string): string | null {
  return marker?.startsWith(`${run}/`) ? marker.slice(run.length + 1) : null;
}
