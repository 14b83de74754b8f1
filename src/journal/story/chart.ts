/**
 * What happened over time, as a drawing (SVG) that stands in a page without any script.
 */
import { formatLocalTime, formatNumber } from '../../mail/amounts.ts';
import type { Series, SeriesName } from './series.ts';

export interface ChartOptions {
  readonly names: readonly SeriesName[];
  /** ms since 1970: what is shown. */
  readonly from: number;
  readonly until: number;
  /** Shaded spans. */
  readonly bands: readonly {
    readonly from: number;
    readonly until: number;
    readonly label: string;
  }[];
  /** For who cannot see it. */
  readonly title: string;
}

const width = 960;
const height = 240;
const margin = { left: 56, right: 30, top: 12, bottom: 26 } as const;
const inner = {
  width: width - margin.left - margin.right,
  height: height - margin.top - margin.bottom,
} as const;
const mostPoints = 160;

export interface Slots {
  /** ms since 1970, and of one slot. */
  readonly from: number;
  readonly step: number;
  readonly counts: Readonly<Record<SeriesName, readonly number[]>>;
}

/** The part of a series from `from` to `until`, in at most so many slots. */
export function slotsOf(series: Series, from: number, until: number, most = mostPoints): Slots {
  const first = Math.max(0, Math.floor((from - series.from) / series.step));
  const length = series.counts.received.length;
  const last = Math.min(length - 1, Math.floor((until - series.from) / series.step));
  const factor = Math.max(1, Math.ceil((last - first + 1) / most));
  const join = (list: readonly number[]) => {
    const joined: number[] = [];
    for (let at = first; at <= last; at++) {
      const slot = Math.floor((at - first) / factor);
      joined[slot] = (joined[slot] ?? 0) + (list[at] ?? 0);
    }
    return joined;
  };
  const { received, refused, notices, returns, deliveries } = series.counts;
  return {
    from: series.from + first * series.step,
    step: series.step * factor,
    counts: {
      received: join(received),
      refused: join(refused),
      notices: join(notices),
      returns: join(returns),
      deliveries: join(deliveries),
    },
  };
}

const labels: Readonly<Record<SeriesName, string>> = {
  received: 'messages received',
  refused: 'recipients refused',
  notices: 'failure notices written',
  returns: 'came back to itself',
  deliveries: 'attempts to deliver',
};

export function labelOf(name: SeriesName): string {
  return labels[name];
}

export function drawChart(series: Series, options: ChartOptions): string {
  const { names, from, until, bands, title } = options;
  const slots = slotsOf(series, from, until);
  const count = slots.counts.received.length;
  const largest = Math.max(1, ...names.flatMap((name) => slots.counts[name]));
  const { step: tick, top } = niceScale(largest);
  const end = slots.from + Math.max(1, count) * slots.step;
  const x = (at: number) => margin.left + ((at - slots.from) / (end - slots.from)) * inner.width;
  const y = (value: number) => margin.top + inner.height * (1 - value / top);
  const point = (value: number, slot: number) =>
    `${round(x(slots.from + (slot + 0.5) * slots.step))},${round(y(value))}`;

  const parts: string[] = [];
  for (const band of bands) {
    const left = Math.max(margin.left, x(band.from));
    const right = Math.min(width - margin.right, Math.max(x(band.until), left + 2));
    if (right <= margin.left || left >= width - margin.right) continue;
    parts.push(
      `<rect class="band" x="${round(left)}" y="${margin.top}" width="${round(right - left)}" height="${inner.height}"><title>${band.label}</title></rect>`,
    );
  }
  for (let value = 0; value <= top; value += tick)
    parts.push(
      `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${round(y(value))}" y2="${round(y(value))}"/>`,
      `<text class="axis" x="${margin.left - 8}" y="${round(y(value) + 4)}" text-anchor="end">${formatNumber(value)}</text>`,
    );
  parts.push(...timeAxis(slots.from, end, x));
  for (const name of names) {
    const values = slots.counts[name];
    if (values.every((value) => value === 0)) continue;
    const line = values.map(point).join(' ');
    const base = round(y(0));
    if (name === 'received') {
      const left = round(x(slots.from + 0.5 * slots.step));
      const right = round(x(slots.from + (count - 0.5) * slots.step));
      parts.push(
        `<polygon class="area ${name}" points="${left},${base} ${line} ${right},${base}"/>`,
      );
    }
    parts.push(
      values.length === 1
        ? `<circle class="dot ${name}" cx="${line.split(',')[0]}" cy="${line.split(',')[1]}" r="4"/>`
        : `<polyline class="line ${name}" points="${line}"/>`,
    );
  }
  for (let slot = 0; slot < count; slot++) {
    const told = names.map(
      (name) => `${formatNumber(slots.counts[name][slot] ?? 0)} ${labels[name]}`,
    );
    const at = slots.from + slot * slots.step;
    parts.push(
      `<rect class="hover" x="${round(x(at))}" y="${margin.top}" width="${round(inner.width / count)}" height="${inner.height}"><title>${formatLocalTime(at)}: ${told.join(', ')}</title></rect>`,
    );
  }
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${parts.join('')}</svg>`;
}

/** Steps of 1, 2 or 5 times a power of ten; at most five of them. */
function niceScale(largest: number): { step: number; top: number } {
  const rough = largest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    1,
    [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough) ?? rough,
  );
  return { step, top: Math.ceil(largest / step) * step };
}

const minute = 60_000;
const ticks = [
  1000,
  2000,
  5000,
  10_000,
  15_000,
  30_000,
  minute,
  2 * minute,
  5 * minute,
  10 * minute,
  15 * minute,
  30 * minute,
  60 * minute,
  120 * minute,
  180 * minute,
  360 * minute,
  720 * minute,
  1440 * minute,
  2880 * minute,
  7 * 1440 * minute,
  30 * 1440 * minute,
  365 * 1440 * minute,
];

function timeAxis(from: number, until: number, x: (at: number) => number): string[] {
  const step = ticks.find((one) => (until - from) / one <= 8) ?? until - from;
  const zone = new Date(from).getTimezoneOffset() * minute;
  const parts: string[] = [];
  let isEven = false;
  for (let at = Math.ceil((from - zone) / step) * step + zone; at <= until; at += step) {
    const [day = '', time = ''] = formatLocalTime(at).split(' ');
    const text = step >= 1440 * minute ? day : step < minute ? time : time.slice(0, 5);
    const shown = time === '00:00:00' && step < 1440 * minute ? day.slice(5) : text;
    const left = round(x(at));
    // A phone shows every other one.
    isEven = !isEven;
    const kind = isEven ? 'axis time' : 'axis time other';
    parts.push(
      `<line class="grid" x1="${left}" x2="${left}" y1="${margin.top + inner.height}" y2="${margin.top + inner.height + 5}"/>`,
      `<text class="${kind}" x="${left}" y="${height - 6}" text-anchor="middle">${shown}</text>`,
    );
  }
  return parts;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
