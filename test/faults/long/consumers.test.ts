// The pool's consumers are deleted: they are created again from the watermark, and queued tasks run.

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/until.ts';
import { audit } from '../support/audit.ts';
import { submitMany } from '../support/load.ts';
import { startWorld } from '../support/world.ts';

const stream = 'genwarden_tasks';

it('all consumers of a pool are deleted while tasks are queued and run', async () => {
  const world = await startWorld();
  const connection = await connect({ servers: world.nats.url });
  onTestFinished(() => connection.close());
  const { consumers } = await jetstreamManager(connection);
  const done = await submitMany(world, { jobs: 2, tasks: 10 });
  await Promise.all(done.map((job) => world.client.wait(job)));
  const { sequence } = await until(
    async () => {
      const mark = await (await world.log()).watermark();
      return mark !== undefined && mark.sequence > 20 && mark;
    },
    { what: 'a watermark past what is done', timeoutMs: 20_000, intervalMs: 200 },
  );
  const jobs = await submitMany(world, { jobs: 4, tasks: 5, prompt: '[standin: image small after 1s]' });
  await world.standin.waitFor(() => world.standin.inFlight() === 5, 20_000);
  const lanes = ['again', 'high', 'normal', 'low'].map((lane) => `default_${lane}`);
  for (const lane of lanes) await consumers.delete(stream, lane);
  await audit(world, { fault: 'consumers deleted', jobs: [...done, ...jobs] });
  for (const lane of lanes) {
    const { config } = await consumers.info(stream, lane);
    expect(config.opt_start_seq).toBeGreaterThanOrEqual(sequence);
  }
});
