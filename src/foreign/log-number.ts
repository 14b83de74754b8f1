/**
 * Whole numbers in lines of a log.
 */

/** Longer ones are no counts and no sizes. */
const mostDigits = 15;

/** Position behind the digits that begin at `at`; -1: there are none, or more than a number has. */
export function endOfNumber(text: string, at: number): number {
  let end = at;
  while (isDigit(text.charCodeAt(end)) && end - at <= mostDigits) end++;
  return end === at || end - at > mostDigits ? -1 : end;
}

/** Of digits only. */
export function numberOf(text: string, at: number, end: number): number {
  let value = 0;
  for (let i = at; i < end; i++) value = value * 10 + (text.charCodeAt(i) - 0x30);
  return value;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
