// Lists of jobs, newest first, in pages. All pages have the version of the first: a watch from there tells every later change.

import type { ListPage } from '../jobs/list.ts';
import { elapsed } from '../job/time.ts';
import { givingWay } from '../async/givingWay.ts';
import type { ListPosition } from '../readmodel/jobOrder.ts';
import type { KubeAnswer, KubeApiContext, WatchedJobs } from './context.ts';
import { jobObject } from './objects/jobObject.ts';
import type { Selection } from './objects/selectors.ts';
import { isDeleted, pageOf, pagesFrom, pageSize } from './pages.ts';
import type { Representation } from './representation.ts';
import { expired, StatusError, tooLarge } from './status.ts';
import { sequenceIn, versionAt } from './versions.ts';

export interface ListQuery {
  readonly selected: Selection;
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly isExact: boolean;
}

/** Throws a `StatusError` or `Unavailable`. */
export async function listAnswer(
  context: KubeApiContext,
  { selected, limit, ...query }: ListQuery,
  shown: Representation,
): Promise<KubeAnswer> {
  const token = query.continue === '' ? undefined : tokenIn(query.continue);
  const resourceVersion = token?.version ?? (await currentVersion(context, query));
  const { epoch } = context.follower.position();
  sequenceIn(resourceVersion, epoch);
  const page = await pageOf(context, selected, { limit: limit || pageSize, before: token?.before });
  const pages = limit === 0 ? pagesFrom(context, selected, page) : [page.jobs];
  const next = limit === 0 || page.next === null ? {} : { continue: tokenOf(resourceVersion, page.next) };
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...warningOf(page) },
    body: listText(context, shown.head({ resourceVersion, ...next }), pages, { epoch, shown }),
  };
}

/**
 * The version of a new list: not older than what NATS has stored when it is asked for, so that a client sees its own writes
 * whichever process it asks. With `resourceVersion`, not older than that. Throws `Expired`, `Timeout` or `Unavailable`.
 */
async function currentVersion(
  context: WatchedJobs,
  { resourceVersion, isExact }: Pick<ListQuery, 'resourceVersion' | 'isExact'>,
): Promise<string> {
  const { follower, log } = context;
  if (resourceVersion === '') {
    const { sequence } = (await log.health()).position;
    await follower.waitFor(sequence, maxBehindMs);
  } else if (resourceVersion !== '0') {
    await untilAt(context, resourceVersion);
    if (isExact && versionAt(follower.position()) !== resourceVersion)
      throw expired('Jobs are listed as they are now: resourceVersionMatch=Exact has no answer for older versions');
  }
  return versionAt(follower.position());
}

/** How long a list waits for messages that this process has not received yet, ms. */
const maxBehindMs = 3_000;

/** Waits until this process has everything up to the version. Throws `Expired`, and `Timeout` for a version of the future. */
export async function untilAt({ follower }: Pick<WatchedJobs, 'follower'>, version: string): Promise<void> {
  const sequence = sequenceIn(version, follower.position().epoch);
  if (!(await follower.waitFor(sequence, maxBehindMs))) throw tooLarge(version, versionAt(follower.position()));
}

interface Shape {
  readonly epoch: string;
  readonly shown: Representation;
}

/** The text of the list, a piece at a time: all of 100,000 jobs would be a hundred megabytes. */
async function* listText(
  { clock }: WatchedJobs,
  head: object,
  pages: AsyncIterable<ListPage['jobs']> | readonly ListPage['jobs'][],
  { epoch, shown }: Shape,
): AsyncGenerator<string> {
  const began = clock.monotonic();
  const giveWay = givingWay(() => elapsed(began, clock.monotonic()));
  let text = `${JSON.stringify(head).slice(0, -1)},"${shown.itemsIn}":[`;
  let separator = '';
  for await (const jobs of pages) {
    for (const tasks of jobs) {
      if (isDeleted(tasks)) continue;
      text += `${separator}${JSON.stringify(shown.item(jobObject(tasks, epoch)))}`;
      separator = ',';
      if (text.length < pieceLength) continue;
      yield text;
      text = '';
      await giveWay();
    }
  }
  yield `${text}]}\n`;
}

const pieceLength = 64 * 1_024;

/** kubectl prints it. */
function warningOf({ complete, since }: ListPage): Record<string, string> {
  if (complete || since === null) return {};
  const before = new Date(since).toISOString();
  return { warning: `299 - "Finished jobs that were submitted before ${before} may be missing from this list"` };
}

const tokenOf = (version: string, { submittedAt, job }: ListPosition): string =>
  Buffer.from(JSON.stringify([version, submittedAt, job])).toString('base64url');

function tokenIn(text: string): { version: string; before: ListPosition } {
  try {
    const [version, submittedAt, job] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    if (typeof version === 'string' && Number.isSafeInteger(submittedAt) && typeof job === 'string')
      return { version, before: { submittedAt: submittedAt as number, job } };
  } catch {
    // Answered below.
  }
  throw new StatusError('BadRequest', 'continue key is not valid');
}
