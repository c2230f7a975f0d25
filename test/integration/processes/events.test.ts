// Event streams of real processes: the API is killed and started again, and its clients miss nothing.

import { describe, expect, it } from 'vitest';
import { GenwardenClient, type JobEvent } from '../../../src/client/index.ts';
import { freePort } from '../../support/freePorts.ts';
import { startInstallation, type Installation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';

const tasks = 24;

describe('event streams', () => {
  it('lose nothing when the API is killed twice in the middle of a job', async () => {
    const installation = await startInstallation({
      processes: ['controller', 'worker'],
      env: { GENWARDEN_CONCURRENCY: '3' },
    });
    const port = String(await freePort());
    const env = { GENWARDEN_HTTP_PORT: port };
    let api = await installation.start('api', env);
    const client = new GenwardenClient({ url: `http://127.0.0.1:${port}` });
    slowly(installation);
    const { id } = await client.submit({
      kind: 'image',
      tasks: Array.from({ length: tasks }, (_, at) => ({ input: { prompt: `yard ${at}` } })),
    });
    const seen: JobEvent<unknown>[] = [];
    const all: JobEvent[] = [];
    const stop = new AbortController();
    const watchingAll = gather(client.events(undefined, { signal: stop.signal }), all).catch(() => undefined);
    const watching = gather(client.events(id), seen);
    for (const enough of [tasks / 3, (2 * tasks) / 3]) {
      await until(() => succeeded(seen) >= enough && succeeded(all) >= enough, { what: `${enough} results` });
      api.kill('SIGKILL');
      await api.exited;
      api = await installation.start('api', env);
    }
    await watching;
    const job = await client.get(id);
    expect(job.state).toBe('succeeded');
    expect(seen.at(-1)).toMatchObject({
      event: 'job',
      data: { id, state: 'succeeded', progress: { succeeded: tasks } },
    });

    const history = (await client.history(id)).map(({ sequence }) => sequence);
    expect(history).toHaveLength(3 * tasks);
    for (const stream of [seen, all]) {
      await until(() => sequencesOf(stream).at(-1) === history.at(-1), { what: 'the last transition' });
      const [first] = sequencesOf(stream);
      // Every transition after the snapshot, each once, in order.
      expect(sequencesOf(stream)).toEqual(history.filter((sequence) => sequence >= first!));
      expect(stream.map(({ event }) => event).filter((event) => event === 'snapshot' || event === 'reset')).toEqual([
        'snapshot',
      ]);
    }
    expect(sequencesOf(seen)[0]).toBeLessThanOrEqual(history[tasks + 6]!);
    stop.abort();
    await watchingAll;
  });
});

/** Calls that take long enough for the API to be killed in between. */
function slowly({ standin }: Installation): void {
  standin.behave({ kind: 'image', bytes: 'small', latencyMs: 400 });
}

async function gather<E>(events: AsyncIterable<E>, into: E[]): Promise<void> {
  for await (const event of events) into.push(event);
}

const sequencesOf = (events: readonly JobEvent<unknown>[]): number[] =>
  events.flatMap((event) => (event.event === 'task' ? [event.data.sequence] : []));

const succeeded = (events: readonly JobEvent<unknown>[]): number =>
  events.filter((event) => event.event === 'task' && event.data.state === 'succeeded').length;
