/**
 * The bits and numbers of the milter protocol, by the names that libmilter's manual gives them.
 *
 * There is no RFC; sendmail's include/libmilter/mfdef.h and mfapi.h define the protocol.
 */

/** What a filter may do to a message: the second word of a negotiation. */
export const actionBits = {
  deleteRecipient: 0x08,
  quarantine: 0x20,
  /** The filter names the macros that it wants. */
  setMacroLists: 0x100,
} as const;

/** The third word: a set bit asks the mail server not to send a step... */
export const skipBits = { body: 0x10, endOfHeaders: 0x40, unknown: 0x100, data: 0x200 } as const;

/** ...or promises that the filter sends no reply to it, not a single one. */
export const silentBits = {
  header: 0x80,
  connect: 0x1000,
  helo: 0x2000,
  data: 0x10000,
  unknown: 0x20000,
  body: 0x80000,
} as const;

export type SilentStep = keyof typeof silentBits;

export const oldestVersion = 2;
export const newestVersion = 6;

/**
 * Payload of the largest frame that is taken: a mail server with large buffers (SMFIP_MDS_1M) sends
 * 1 MiB, and we never ask for that; the rest is for its envelope.
 */
export const frameLimit = 1024 * 1024 + 1024;
