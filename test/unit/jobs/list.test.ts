// A page of jobs from an index that changes while it is read.
import { expect, test } from 'vitest';
import { monotonicFrom } from '../../../src/job/time.ts';
import { cancelled, deleted } from '../../../src/job/transitions.ts';
import { listJobs, type ListRequest } from '../../../src/jobs/list.ts';
import type { ReadContext } from '../../../src/jobs/read.ts';
import { searchFor } from '../../../src/jobs/search.ts';
import { JobIndex } from '../../../src/readmodel/jobIndex.ts';
import { virtualClock } from '../../fakes/clock.ts';
import { fakeJobLog } from '../../fakes/jobLog.ts';
import { anEntry, freshJobId, queuedTask, start } from '../../fakes/tasks.ts';

const everything: ListRequest = {
  tenant: 'default',
  states: new Set(),
  pool: undefined,
  kind: undefined,
  labels: [],
  limit: 500,
  before: undefined,
};

/** An index of jobs, of which every tenth is of a garden, and a clock on which every look takes as long as a turn. */
function manyJobs(count: number) {
  const index = new JobIndex();
  const jobs = Array.from({ length: count }, (_, at) =>
    queuedTask({ job: freshJobId(), submittedAt: start + at, promptStart: at % 10 === 0 ? 'a garden' : 'a house' }),
  );
  let sequence = 0;
  const apply = (state: Parameters<typeof anEntry>[1]): void => {
    sequence += 1;
    index.apply(anEntry(sequence, state), monotonicFrom(0));
  };
  for (const job of jobs) apply(job);
  const clock = virtualClock();
  let looks = 0;
  const slow = { ...clock, monotonic: () => monotonicFrom((looks += 10)) };
  const context = { follower: { index }, clock: slow, log: fakeJobLog({ clock }) } as unknown as ReadContext;
  return { index, jobs, apply, context };
}

const idsOf = ({ jobs }: Awaited<ReturnType<typeof listJobs>>): string[] => jobs.map(([task]) => task!.state.of.job);

test('jobs that are deleted or added while it gives way neither hide nor repeat others', async () => {
  const { jobs, apply, context } = manyJobs(2_000);
  const gardens = jobs.filter(({ of }) => of.promptStart === 'a garden');
  const houses = jobs.filter(({ of }) => of.promptStart === 'a house');
  let changes = 0;
  const change = (): void => {
    const house = houses[changes * 7];
    if (house === undefined) return;
    apply(deleted(cancelled(house, start + 5_000), start + 5_000));
    apply(queuedTask({ job: freshJobId(), submittedAt: start + 10_000 + changes, promptStart: 'a garden' }));
    changes += 1;
    setImmediate(change);
  };
  setImmediate(change);
  const page = await listJobs(context, { ...everything, search: searchFor('garden') });
  expect(changes).toBeGreaterThan(10);
  expect(idsOf(page)).toEqual(gardens.map(({ of }) => of.job).toReversed());
  expect(page.next).toBeNull();
});

test('a page ends as soon as it is full, and the next one continues there', async () => {
  const { jobs, context } = manyJobs(700);
  const gardens = jobs.flatMap(({ of }) => (of.promptStart === 'a garden' ? [of.job] : [])).toReversed();
  const found: string[] = [];
  let before: ListRequest['before'];
  do {
    const page = await listJobs(context, { ...everything, search: searchFor('garden'), limit: 30, before });
    found.push(...idsOf(page));
    before = page.next ?? undefined;
  } while (before !== undefined);
  expect(found).toEqual(gardens);
});
