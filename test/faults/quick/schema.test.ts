// Messages of a newer major schema: this build gives them back and never drops or changes them.

import { jetstreamManager, type StreamAPI } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/until.ts';
import { audit } from '../support/audit.ts';
import { submitMany } from '../support/load.ts';
import { startWorld } from '../support/world.ts';

const stream = 'genwarden_tasks';

it('this build leaves a spec and a claim of schema 3.0 to newer processes, and serves all others', async () => {
  const world = await startWorld();
  const [template] = await submitMany(world, { policy: { queueTimeout: '1s', attemptTimeout: '1s' } });
  const nats = await connect({ servers: world.nats.url });
  onTestFinished(() => nats.close());
  const manager = await jetstreamManager(nats);
  const spec = await asNewer(nats, manager.streams, `genwarden.spec.default.normal.${template}.0`, 'a');
  const claim = await asNewer(nats, manager.streams, `genwarden.status.default.-.${template}.0`, 'b');
  const consumer = () => manager.consumers.info(stream, 'default_normal');
  await until(async () => (await consumer()).num_ack_pending === 1, { what: 'the newer spec to be held back' });
  // By then both newer messages are overdue, for the worker and for the controller.
  const jobs = [template!, ...(await submitMany(world, { tasks: 3, prompt: '[standin: image small after 4s]' }))];
  await audit(world, { fault: 'messages of schema 3.0', jobs });
  for (const { job, sequence } of [spec, claim]) {
    const last = await manager.streams.getMessage(stream, { last_by_subj: `genwarden.*.*.*.${job}.*` });
    expect(last?.seq).toBe(sequence);
  }
  expect(await consumer()).toMatchObject({ num_ack_pending: 1, num_pending: 0 });
  expect(world.standin.requests).toHaveLength(4);
});

/** Republishes the last message of a subject for another job, as a newer build would write it. */
async function asNewer(
  nats: NatsConnection,
  streams: StreamAPI,
  subject: string,
  letter: string,
): Promise<{ job: string; sequence: number }> {
  const old = subject.split('.')[4]!;
  const job = letter.repeat(26);
  const message = await until(() => streams.getMessage(stream, { last_by_subj: subject }), { what: subject });
  const made = headers();
  made.append('Genwarden-Schema', '3.0');
  made.append('Genwarden-Write', `newer-${letter}`);
  made.append('Genwarden-Task', message.header.get('Genwarden-Task').replaceAll(old, job));
  const answer = await nats.request(subject.replace(old, job), message.data, { headers: made, timeout: 5_000 });
  return { job, sequence: answer.json<{ seq: number }>().seq };
}
