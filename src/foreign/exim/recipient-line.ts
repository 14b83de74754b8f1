/**
 * One recipient of a -H file, read from the right: the address itself may hold blanks.
 *
 * Today: the address alone, or `address orcpt length,dsn-flags errors-to length,parent#3`, where bit 1
 * of the last number says that errors-to is there, and bit 2 that orcpt is. `address parent` is of the
 * first Exim 4, `address number,parent,number` of Exim 3.
 */

/** Position behind the address in `file`, of a line from `start` to `end`; null: no such form. */
export function endOfAddress(file: string, start: number, end: number): number | null {
  const number = leftOf(file, start, end, digits);
  const sign = number > start && number < end ? file[number - 1] : undefined;
  if (sign === '#') return beforeData(file, start, number);
  if (sign === ',') {
    const numbers = leftOf(file, start, number, `${digits},`);
    return file[numbers - 1] === ' ' && numbers - 1 > start ? numbers - 1 : end;
  }
  if (sign === ' ' && number - 1 > start) return number - 1;
  return end;
}

function beforeData(file: string, start: number, number: number): number | null {
  const flags = file.charCodeAt(number) - 48;
  if (flags === 0) return number - 1 > start ? number - 1 : null;
  let end: number | null = number - 1;
  if (flags & 1) end = beforeField(file, start, end);
  if (flags & 2 && end !== null) end = beforeField(file, start, end);
  return end !== null && end > start ? end : null;
}

/** ` text length,number` ends at `end`; where it begins. The length counts octets. */
function beforeField(file: string, start: number, end: number): number | null {
  const numbers = leftOf(file, start, end, `${digits},-`);
  if (numbers === end || file[numbers - 1] !== ' ') return null;
  const length = /^(\d{1,6}),-?\d{1,9}$/.exec(file.slice(numbers, end))?.[1];
  if (length === undefined) return null;
  const before = numbers - 2 - Number(length);
  return before > start && file[before] === ' ' ? before : null;
}

const digits = '0123456789';

/** Where the octets out of `among` begin that end at `from`. */
function leftOf(file: string, start: number, from: number, among: string): number {
  let at = from;
  while (at > start && among.includes(file.charAt(at - 1))) at--;
  return at;
}
