/**
 * Durations and sizes as an admin writes them.
 */

const durations: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90d`, `5 s`, `250ms` in ms; null where the text is none. */
export function parseDuration(value: string): number | null {
  const [, number, unit = ''] = /^(\d{1,9})\s*([a-z]+)$/.exec(value) ?? [];
  const factor = Object.hasOwn(durations, unit) ? durations[unit] : undefined;
  return number === undefined || factor === undefined ? null : Number(number) * factor;
}

/** Powers of 1,024, as other mail servers count. */
const sizes: { readonly [unit: string]: number } = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  gib: 1024 ** 3,
};

/** `50 MB`, `1M`, `512KiB`, `4096` in octets; null where the text is none. */
export function parseSize(value: string): number | null {
  const [, number, unit = ''] = /^(\d{1,9})\s*([a-z]*)$/i.exec(value) ?? [];
  const name = unit.toLowerCase();
  const factor = Object.hasOwn(sizes, name) ? sizes[name] : undefined;
  return number === undefined || factor === undefined ? null : Number(number) * factor;
}
