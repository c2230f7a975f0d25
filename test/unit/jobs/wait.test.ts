// A request that is held until a job changes.
import { expect, test } from 'vitest';
import { pino } from 'pino';
import { JobWatch, versionOf, waitForJob } from '../../../src/jobs/wait.ts';
import type { Queued } from '../../../src/job/task.ts';
import { cancelled } from '../../../src/job/transitions.ts';
import { startFollower } from '../../../src/readmodel/follower.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';

test('a task was read with an older message than the last one of the record: the missing message ends the wait', async () => {
  await using world = await apiWorld();
  const job = await world.submit({ tasks: [{}, {}] });
  const before = (await world.log.read(job))!;
  const [first, second] = before.tasks.map(({ last }, task) => ({
    ...last,
    sequence: last.sequence + 10 + task,
    state: cancelled(last.state as Queued, world.clock.now()),
  }));
  const torn = { job, tasks: [before.tasks[0]!, { ...before.tasks[1]!, last: second! }] };
  const known = versionOf(torn);
  // Like the one of an API, it gets the messages in their order.
  const log = { ...world.log, follow: () => nothing() };
  const follower = startFollower({ log, clock: world.clock, logger: pino({ level: 'silent' }) });
  const watch = new JobWatch(follower);
  try {
    for (const { last } of before.tasks) follower.applyOwn(last);
    const isNewer = ({ revision }: { revision: number }): boolean => revision > known.revision;
    const ended = new AbortController();
    const wait = waitForJob({ watch, follower }, torn, isNewer, 30_000, ended.signal).then(() => 'changed');
    follower.applyOwn(first!);
    follower.applyOwn(second!);
    const unchanged = new Promise<string>((resolve) => setTimeout(resolve, 1_000, 'still waiting'));
    expect(await Promise.race([wait, unchanged])).toBe('changed');
    ended.abort();
  } finally {
    watch.close();
    await follower.close();
  }
});

async function* nothing(): AsyncGenerator<never> {}
