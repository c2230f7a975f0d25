// A chain on real processes: a storyboard, its 20 pictures, and a text about all of them; with the controller killed between the
// storyboard and the pictures; and with a storyboard that fails, and is retried.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Job, SubmitRequest, Task, Transition } from '../../../src/client/index.ts';
import { markdownTable } from '../../support/markdownTable.ts';
import { until } from '../../support/until.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const example = JSON.parse(
  readFileSync(new URL('../../../examples/storyboard/storyboard.json', import.meta.url), 'utf8'),
) as SubmitRequest & { tasks: { name: string; input: { prompt: string } }[] };

it('a storyboard, its 20 pictures and one text about all are one job, also when the controller dies in between', async () => {
  const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 300 } });
  const { id, tasks: submitted } = await world.client.submit(example);
  expect(submitted!.map(({ state }) => state)).toEqual(['queued', ...Array<string>(21).fill('waiting')]);
  const beside = await world.client.submit({ kind: 'image', input: { prompt: 'an innocent yard' } });
  await until(async () => (await task(world, id, 0)).state === 'running', { what: 'the storyboard to run' });
  world.first.controller.kill('SIGKILL');
  await until(async () => (await task(world, id, 0)).state === 'succeeded', { what: 'the storyboard' });
  const explained = await world.client.explain(id);
  expect(explained.tasks[1]).toMatchObject({ cause: 'WaitingForTasks' });
  expect((await world.client.stuck({ olderThan: '1s' })).items.filter(({ job }) => job === id)).toEqual([]);
  const killed = Date.now();
  await world.start('controller');
  const job = await world.client.wait(id);
  expect(job.state).toBe('succeeded');
  const innocent = await world.client.wait(beside.id);
  expect(innocent.state).toBe('succeeded');
  const history = await world.client.history(id);
  checkFlow(world, job, history);
  console.log(story(history));
  const claims = history.filter(({ state, task: index }) => state === 'running' && index > 0);
  addEdgeRow({
    fault: 'controller killed between a storyboard and its 20 pictures',
    ...(await outcomesOf(world.client, [id, beside.id])),
    innocentsHarmed: innocent.state === 'succeeded' ? 0 : 1,
    recoveredAfterMs: Math.min(...claims.map(({ at }) => Date.parse(at))) - killed,
  });
});

it('a storyboard that fails ends all that wait for it at once; a retry runs all of them', async () => {
  const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 50 } });
  const [storyboard, ...others] = example.tasks;
  const prompt = `${storyboard!.input.prompt} [standin:refuse-prompt x1]`;
  const failing = { ...storyboard!, input: { ...storyboard!.input, prompt } };
  const { id } = await world.client.submit({ ...example, tasks: [failing, ...others] });
  const beside = await world.client.submit({ kind: 'image', input: { prompt: 'an innocent yard' } });
  const failed = await world.client.wait(id);
  expect(failed.state).toBe('failed');
  expect(failed.tasks!.map(({ reason }) => reason)).toEqual([
    'PromptRefused',
    ...Array<string>(21).fill('DependencyFailed'),
  ]);
  expect(failed.tasks![1]!.error!.message).toBe('It waits for task 0 (storyboard), which failed with PromptRefused');
  expect(world.standin.requests.filter(({ prompt: sent }) => sent.includes('Picture'))).toEqual([]);
  await expect(world.client.retry(id, { tasks: ['picture-1'] })).rejects.toMatchObject({
    code: 'DependenciesNotRetried',
    message: expect.stringContaining('retry storyboard as well') as string,
  });
  await world.client.retry(id);
  const job = await world.client.wait(id);
  expect(job.state).toBe('succeeded');
  checkFlow(world, job, await world.client.history(id));
  const innocent = await world.client.wait(beside.id);
  expect(innocent.state).toBe('succeeded');
  addEdgeRow({
    fault: 'a storyboard that fails, with 21 tasks that wait for it, then a retry',
    ...(await outcomesOf(world.client, [id, beside.id])),
    innocentsHarmed: innocent.state === 'succeeded' ? 0 : 1,
    recoveredAfterMs: undefined,
  });
});

const task = async (world: FaultWorld, id: string, index: number): Promise<Task> =>
  (await world.client.get(id)).tasks![index]!;

/** The model got the parts of the storyboard and the pictures, and no task ran before what they waited for had succeeded. */
function checkFlow(world: FaultWorld, job: Job, history: readonly Transition[]): void {
  const board = job.tasks![0]!.output as { title: string; beats: { scene: string; light: string }[] };
  const sent = world.standin.requests.filter(({ status }) => status === 200).map(({ prompt }) => prompt);
  for (const [at, { scene, light }] of board.beats.entries())
    expect(sent).toContain(`Picture ${at + 1} of "${board.title}": ${scene}. Light: ${light}.`);
  const collage = world.standin.requests.find(({ prompt }) => prompt.startsWith('Write one caption'))!;
  expect(collage.prompt).toContain(JSON.stringify(board.beats).slice(0, 1_000));
  expect(collage.references).toBe(14);
  const ends = new Map(
    history.filter(({ state }) => state === 'succeeded').map((entry) => [entry.task, entry.sequence]),
  );
  const names = new Map(job.tasks!.map(({ name, index }) => [name, index]));
  for (const { task: index, state, sequence } of history) {
    if (state !== 'running') continue;
    for (const name of job.tasks![index]!.after ?? []) expect(ends.get(names.get(name)!)).toBeLessThan(sequence);
  }
  expect(ends.size).toBe(22);
}

/** The history of some of the tasks, as a table. */
function story(history: readonly Transition[]): string {
  const first = Date.parse(history[0]!.at);
  const shown = history.filter(({ task: index }) => [0, 1, 20, 21].includes(index));
  return markdownTable(
    ['ms', 'task', 'state', 'reason', 'message'],
    shown.map(({ at, name, state, reason, message }) => [
      String(Date.parse(at) - first),
      name!,
      state,
      reason,
      message.slice(0, 90),
    ]),
  );
}
