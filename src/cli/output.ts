/**
 * What commands print: lines, colours where a person looks, JSON that is safe on a terminal.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { printableJson } from '../mail/printable.ts';

export { formatDuration, formatLocalTime, formatNumber, formatSize } from '../mail/amounts.ts';

export type Style = Parameters<typeof styleText>[0];

export interface Output {
  /** Waits where the reader is slow, so that a long list needs no memory. */
  line(text: string): Promise<void>;
  /** Coloured on a terminal, as it is elsewhere or where NO_COLOR says so. */
  style(style: Style, text: string): string;
}

export function createOutput(stream: Writable = process.stdout): Output {
  return {
    async line(text) {
      if (!stream.write(`${text}\n`)) await once(stream, 'drain');
    },
    style: (style, text) => styleText(style, text, { stream }),
  };
}

/** One JSON document on one line. Its strings hold the texts of strangers exactly, all escaped. */
export function jsonLine(value: unknown): string {
  return printableJson(JSON.stringify(value));
}
