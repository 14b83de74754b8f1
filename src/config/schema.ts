/**
 * The configuration, described once: reader, defaults, bounds and manual come from here.
 */
import { contradictionsIn } from './contradictions.ts';
import { type Settings, settings } from './settings.ts';

/** What one setting cannot know of another is looked at in the end, and told alike. */
export const schema = settings.superRefine((config, context) => {
  for (const { path, expected, found } of contradictionsIn(config))
    context.addIssue({ code: 'custom', path: [...path], message: expected, input: found });
});

export type Config = Settings;
