/**
 * How long each step of a conversation may take, in ms.
 */
export interface SmtpTimeouts {
  readonly connect: number;
  readonly tls: number;
  /** Greeting, EHLO, AUTH. */
  readonly opening: number;
  readonly mail: number;
  readonly rcpt: number;
  readonly data: number;
  /** For the network to take a piece of the content. */
  readonly content: number;
  /** After the final dot. */
  readonly end: number;
  /** A whole transaction, whatever goes on. */
  readonly message: number;
  readonly quit: number;
}

const minute = 60_000;

/** RFC 5321 §4.5.3.2, but for the steps that it does not name and the beginning, where it is patient. */
export const standardTimeouts: SmtpTimeouts = {
  connect: minute / 2,
  tls: minute,
  opening: 2 * minute,
  mail: 5 * minute,
  rcpt: 5 * minute,
  data: 2 * minute,
  content: 3 * minute,
  end: 10 * minute,
  message: 120 * minute,
  quit: 5_000,
};

/** All of them longer or shorter. */
export function scaleTimeouts(factor: number, timeouts = standardTimeouts): SmtpTimeouts {
  const scaled = { ...timeouts };
  for (const key of Object.keys(scaled) as (keyof SmtpTimeouts)[]) scaled[key] *= factor;
  return scaled;
}
