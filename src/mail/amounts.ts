/**
 * Numbers, sizes and times as people write them.
 */

/** `12,345` */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 message`, `12,345 messages`, `2 entries`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

/** `2006-09-05 14:03:07`, local time. */
export function formatLocalTime(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const year = String(date.getFullYear()).padStart(4, '0');
  const day = `${year}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `0.3 s`, `42 s`, `5 min`, `2 h 5 min`, `3 d 4 h`: the two largest units; `ms` is in ms. */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${Number((ms / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  const [days, hours, minutes] = [86_400, 3_600, 60].map((unit) => Math.floor(seconds / unit));
  if (days) return twoUnits(days, 'd', (hours ?? 0) % 24, 'h');
  if (hours) return twoUnits(hours, 'h', (minutes ?? 0) % 60, 'min');
  return minutes ? twoUnits(minutes, 'min', seconds % 60, 's') : `${seconds} s`;
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** `512 B`, `4.2 KB`, `50 MB`: powers of 1,024. */
export function formatSize(octets: number): string {
  let [size, unit] = [octets, 'B'];
  for (const larger of ['KB', 'MB', 'GB']) {
    if (size < 1000) break;
    [size, unit] = [size / 1024, larger];
  }
  return `${formatNumber(Number(size.toFixed(size < 9.95 ? 1 : 0)))} ${unit}`;
}
