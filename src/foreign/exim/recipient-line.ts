/**
 * One recipient of a -H file, read from the right: the address itself may hold blanks.
 *
 * Today: the address alone, or `address orcpt length,dsn-flags errors-to length,parent#3`, where bit 1
 * of the last number says that errors-to is there, and bit 2 that orcpt is. `address parent` is of the
 * first Exim 4, `address number,parent,number` of Exim 3.
 */

const [hash, blank, comma, minus] = [35, 32, 44, 45];

/** Position behind the address in `bytes`, of a line from `start` to `end`; null: no such form. */
export function endOfAddress(bytes: Buffer, start: number, end: number): number | null {
  const number = leftOf(bytes, start, end, isDigit);
  const sign = number > start && number < end ? bytes[number - 1] : undefined;
  if (sign === hash) return beforeData(bytes, start, number);
  if (sign === comma) {
    const numbers = leftOf(bytes, start, number, (octet) => isDigit(octet) || octet === comma);
    return bytes[numbers - 1] === blank && numbers - 1 > start ? numbers - 1 : end;
  }
  if (sign === blank && number - 1 > start) return number - 1;
  return end;
}

function beforeData(bytes: Buffer, start: number, number: number): number | null {
  const flags = (bytes[number] ?? 0) - 48;
  if (flags === 0) return number - 1 > start ? number - 1 : null;
  let end: number | null = number - 1;
  if (flags & 1) end = beforeField(bytes, start, end);
  if (flags & 2 && end !== null) end = beforeField(bytes, start, end);
  return end !== null && end > start ? end : null;
}

/** ` text length,number` ends at `end`; where it begins. The length counts octets. */
function beforeField(bytes: Buffer, start: number, end: number): number | null {
  const numbers = leftOf(
    bytes,
    start,
    end,
    (octet) => isDigit(octet) || octet === comma || octet === minus,
  );
  if (numbers === end || bytes[numbers - 1] !== blank) return null;
  const length = /^(\d{1,6}),-?\d{1,9}$/.exec(bytes.toString('latin1', numbers, end))?.[1];
  if (length === undefined) return null;
  const before = numbers - 2 - Number(length);
  return before > start && bytes[before] === blank ? before : null;
}

function leftOf(
  bytes: Buffer,
  start: number,
  from: number,
  matches: (octet: number) => boolean,
): number {
  let at = from;
  while (at > start && matches(bytes[at - 1] ?? 0)) at--;
  return at;
}

function isDigit(octet: number): boolean {
  return octet >= 48 && octet <= 57;
}
