/**
 * What becomes of mail while nobody can be asked about it: `open` lets it pass, `closed` lets it wait.
 */
export const failureModes = ['open', 'closed'] as const;
export type FailureMode = (typeof failureModes)[number];
