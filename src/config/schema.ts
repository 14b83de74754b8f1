/**
 * The configuration, described once: reader, defaults, bounds and manual come from here.
 */
import { z } from 'zod';
import { failures, modes } from '../verdict/verdict.ts';

// Filled in by the room's owner.
export const schema = z.strictObject({});
export { failures, modes };
