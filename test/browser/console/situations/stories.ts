// Jobs of the pool `default` that show how pictures arrive: a story of twenty pictures, and attempts that fail on the way.

import { readFileSync } from 'node:fs';
import type { SubmitRequest, TaskRequest } from '../../../../src/client/index.ts';
import { until } from '../../../support/until.ts';
import type { Site } from '../../../support/site/site.ts';
import { models } from './pools.ts';

const patience = { timeoutMs: 60_000 };

const lines = readFileSync(new URL('../../../../examples/story-illustrator/story.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

const sceneOf = (line: string, at: number): TaskRequest => ({
  name: `scene-${String(at + 1).padStart(2, '0')}`,
  input: { prompt: `${line}, watercolour with soft light` },
  metadata: { page: at + 1 },
});

/** The tasks from here on are those that hang. */
const firstHanging = 11;

/** Twenty pictures. With `breaking`, two of them need a second attempt; with `hanging`, the last nine never arrive. */
function theStory({ hanging = false, breaking = false } = {}): SubmitRequest {
  const modelOf = (at: number): string | undefined => {
    if (hanging && at >= firstHanging) return models.hanging;
    return breaking && (at === 3 || at === 6) ? models.breaking : undefined;
  };
  const tasks = lines.map((line, at) => ({ ...sceneOf(line, at), ...given({ model: modelOf(at) }) }));
  return {
    kind: 'image',
    input: { prompt: 'The girl and the green door, an illustrated story', aspectRatio: '4:3' },
    tasks,
    labels: { project: 'green-door', team: 'books' },
    policy: { backoff: { initial: '3s', max: '4s' }, attemptTimeout: '15m', runTimeout: '40m' },
  };
}

const given = ({ model }: { model: string | undefined }): { model?: string } => (model === undefined ? {} : { model });

/**
 * A story of which eleven pictures have arrived, two after an attempt that failed. Five are being drawn, some for the second time
 * because their first worker was killed, and four are queued.
 */
export async function storyInProgress(site: Site): Promise<string> {
  const { client } = site;
  const { id } = await client.submit(theStory({ hanging: true, breaking: true }));
  await untilHanging(site, id, 5);
  const killed = site.workers.get('default')!;
  killed.kill('SIGKILL');
  await killed.exited;
  // The controller requeues what the killed worker ran, and the next worker takes that before the others.
  const lost = async (): Promise<boolean> => (await client.history(id)).some(({ reason }) => reason === 'WorkerLost');
  await until(lost, { what: 'the loss of the worker', ...patience });
  await site.startWorker('default');
  await untilHanging(site, id, 5);
  const arrived = async (): Promise<boolean> => (await client.get(id)).progress.succeeded === firstHanging;
  await until(arrived, { what: 'the pictures of the story', ...patience });
  return id;
}

async function untilHanging({ client }: Site, id: string, count: number): Promise<void> {
  const running = async (): Promise<number> => {
    const { tasks = [] } = await client.get(id);
    return tasks.filter(({ index, state }) => index >= firstHanging && state === 'running').length;
  };
  await until(async () => (await running()) >= count, { what: `${count} tasks that hang`, ...patience });
}
