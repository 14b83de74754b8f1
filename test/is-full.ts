/**
 * How much is played: by SPILLWAY_FULL=1 as much as the incident of 2006 had and as an issue asks for, else
 * as much as a modest machine takes in seconds.
 */
export const isFull = process.env['SPILLWAY_FULL'] === '1';
