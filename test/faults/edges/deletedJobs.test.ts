// A client comes back to its event stream after hundreds of jobs were deleted: it gets what it missed at once, and reads of the
// deleted jobs take no longer than those of jobs that never existed.

import { expect, it } from 'vitest';
import { mapLimit } from '../../../src/async/mapLimit.ts';
import { GenwardenClient } from '../../../src/client/index.ts';
import { EventStreamReader } from '../../support/eventStreamReader.ts';
import { freePort } from '../../support/freePorts.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { addEdgeRow } from './edgeRows.ts';

const deletedJobs = 240;

it.each(['memory', 'the stream'])(
  `an event stream resumes over ${deletedJobs} deleted jobs from %s`,
  async (source) => {
    const port = String(await freePort());
    const { start } = await startInstallation({ processes: ['controller'], env: { GENWARDEN_HTTP_PORT: port } });
    // A worker declares the pool; without one, jobs stay queued.
    await (await start('worker')).stop();
    const api = await start('api');
    const url = `http://127.0.0.1:${port}`;
    const client = new GenwardenClient({ url });
    const before = await EventStreamReader.open(`${url}/v1/events`);
    const [snapshot] = await before.until((all) => all.length > 0, 'the snapshot');
    const deleted = await mapLimit(8, Array.from({ length: deletedJobs }), async (_, at) => {
      const { id } = await client.submit(anImage(`yard ${at}`));
      await client.cancel(id);
      await client.delete(id);
      return id;
    });
    const kept = await client.submit(anImage('kept'));
    if (source === 'the stream') {
      await api.stop();
      await start('api');
    }

    const resumedAt = performance.now();
    const back = await EventStreamReader.open(`${url}/v1/events`, snapshot!.id);
    await back.until((all) => all.some(({ event, data }) => event === 'job' && data.id === kept.id), 'the last job');
    const resumedAfterMs = performance.now() - resumedAt;
    const tombstones = back.of('task').filter(({ data }) => data.state === 'deleted');
    const missed = deletedJobs - new Set(tombstones.map(({ data }) => data.job as string)).size;
    const found = await mapLimit(8, deleted, (id) => client.get(id).then(() => id, codeOf));
    addEdgeRow({
      fault: `event stream resumed over ${deletedJobs} deleted jobs from ${source}`,
      jobs: deletedJobs,
      terminal: deleted.length,
      lost: missed,
      overdueMs: undefined,
      innocentsHarmed: back.of('reset').length,
      recoveredAfterMs: Math.round(resumedAfterMs),
    });
    expect([missed, back.of('reset')]).toEqual([0, []]);
    expect(new Set(found)).toEqual(new Set(['JobNotFound']));
  },
);

const codeOf = (error: unknown): string => (error as { code: string }).code;
