// A line of results that wait for a reviewer: one that was tweaked and has an earlier picture, one that a check flagged, a series.

import type { Site } from '../../../support/site/site.ts';
import { photo } from '../../../support/pictures.ts';
import { models } from './pools.ts';

export interface ReviewLine {
  /** Its task 0 is in its second run, after a tweak. */
  readonly tweaked: string;
  readonly flagged: string;
  readonly series: string;
}

export async function reviewLine(site: Site): Promise<ReviewLine> {
  const tweaked = await tweakedJob(site);
  const flagged = await flaggedJob(site);
  return { tweaked, flagged, series: await seriesInReview(site, 3) };
}

async function tweakedJob({ client }: Site): Promise<string> {
  const { artifact } = await client.uploadReference(photo, 'image/jpeg');
  const { id } = await client.submit({
    kind: 'image',
    input: {
      prompt: 'The front yard with a picket fence and roses',
      references: [{ artifact, caption: 'the yard today' }],
    },
    tasks: [{ name: 'fence' }],
    policy: { review: 'always' },
    labels: { project: 'garden', customer: 'jones' },
  });
  await client.wait(id);
  await client.review(id, 0, { run: 1, decision: 'tweak', instruction: 'Make the fence lower and the roses white' });
  await client.wait(id);
  return id;
}

async function flaggedJob({ client }: Site): Promise<string> {
  const { id } = await client.submit({
    kind: 'image',
    input: { prompt: 'A label for a jar of honey, with a bee and the year' },
    policy: { check: { model: models.strict, prompt: 'Flag pictures with red areas or text over faces.' } },
    labels: { project: 'honey' },
  });
  await client.wait(id);
  return id;
}

/** A job of so many pictures, all of which wait for a reviewer. */
export async function seriesInReview({ client }: Site, count: number): Promise<string> {
  const seasons = ['spring', 'summer', 'autumn', 'winter'];
  const tasks = Array.from({ length: count }, (_, at) => {
    const season = seasons[at % seasons.length]!;
    return { name: `${season}-${String(at + 1)}`, input: { prompt: `The garden in ${season}, seen from the kitchen` } };
  });
  const { id } = await client.submit({
    kind: 'image',
    tasks,
    policy: { review: 'always' },
    labels: { project: 'seasons' },
  });
  await client.wait(id);
  return id;
}
