// The installation in which every situation exists at once.

import { Site } from '../../../support/site/site.ts';
import { scriptProvider, showcasePools, unservedPools } from './pools.ts';
import { reviewLine, type ReviewLine } from './reviews.ts';
import { backingOffJob, cancelledJob, chainedJob, failedJob, queuedJobs, succeededJob, textJob } from './states.ts';
import { storyInProgress } from './stories.ts';
import { coolingKeys, outage, pausedPool } from './trouble.ts';

export interface Showcase {
  readonly site: Site;
  /** Jobs by what they show. */
  readonly jobs: Readonly<Record<ShowcaseJob, string>>;
  readonly review: ReviewLine;
}

export type ShowcaseJob =
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'backingOff'
  | 'chained'
  | 'text'
  | 'queued'
  | 'outage'
  | 'cooling'
  | 'hanging'
  | 'paused'
  | 'story';

/** The caller disposes `site`. `bytes`: full pictures look real, small ones are cheap to draw. */
export async function startShowcase(bytes: 'full' | 'small'): Promise<Showcase> {
  const env = { GENWARDEN_DRAIN_TIMEOUT: '1h' };
  const site = await Site.start({ pools: showcasePools, unserved: unservedPools, env });
  try {
    return await fill(site, bytes);
  } catch (error) {
    await site[Symbol.asyncDispose]();
    throw error;
  }
}

async function fill(site: Site, bytes: 'full' | 'small'): Promise<Showcase> {
  scriptProvider(site, bytes);
  const [out, cooling, paused, cancelled] = await Promise.all([
    outage(site),
    coolingKeys(site),
    pausedPool(site),
    cancelledJob(site),
  ]);
  const [queued] = await queuedJobs(site);
  const [succeeded, failed, text, backingOff] = await Promise.all([
    succeededJob(site),
    failedJob(site),
    textJob(site),
    backingOffJob(site),
  ]);
  const review = await reviewLine(site);
  // The last two: they keep the slots of the pool.
  const chained = await chainedJob(site);
  const story = await storyInProgress(site);
  const jobs = { succeeded, failed, cancelled, text, backingOff, chained, story, cooling, outage: out };
  return { site, review, jobs: { ...jobs, queued: queued!, hanging: paused.hanging, paused: paused.queued[0]! } };
}
