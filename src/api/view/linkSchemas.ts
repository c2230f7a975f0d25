// The schemas of signed links.

import { z } from 'zod';

export const artifactLinkSchema = z.object({
  task: z.int().min(0).describe("The task's index."),
  name: z.string().nullable().describe("The task's name."),
  artifact: z.string().describe("The artifact's name."),
  mediaType: z.string(),
  href: z.url(),
});

export const jobLinksSchema = z
  .object({
    job: z.url().describe('For `GET`: the job with its tasks, whose artifacts have signed addresses.'),
    events: z.url().describe('For an `EventSource`.'),
    artifacts: z
      .array(artifactLinkSchema)
      .describe('The artifacts that the job has now. Read the job by its link for later ones.'),
    expiresAt: z.iso.datetime(),
  })
  .describe('URLs that read one job without a token.');
