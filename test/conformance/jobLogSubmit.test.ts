// The contract of every job log for a new job: it is stored once and completely, even if answers are lost.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Queued, SpecWrite } from '../../src/job/task.ts';
import { cancelled, newRun } from '../../src/job/transitions.ts';
import { memoryAdapter, natsAdapter, type LogInstallation } from './jobLogAdapters.ts';
import { jobOf, status, stored, write } from '../support/steps.ts';
import { aJob, aRequest, start } from '../fakes/tasks.ts';

describe.each([memoryAdapter, natsAdapter()])('job log ($name)', (adapter) => {
  let world: LogInstallation;
  beforeEach(async () => {
    world = await adapter.open();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  describe('submit', () => {
    it('stores a job that the next read finds, with its request', async () => {
      const specs = aJob(3, { name: 'façade' });
      const entries = stored(await world.log.submit(specs));
      const record = await world.other.log.read(jobOf(specs));
      expect(record?.tasks.map(({ last }) => last.sequence)).toEqual(entries.map(({ sequence }) => sequence));
      expect(record?.tasks.map(({ last }) => last.state)).toEqual(specs.map(({ state }) => state));
      expect(record?.tasks[0]?.request).toEqual(aRequest);
    });

    it.each([
      ['the same pool', {}],
      ['another pool', { pool: 'other' }],
      ['another priority', { priority: 'high' as const }],
    ])('accepts a job id once, whatever the second submit contains: %s', async (_name, over) => {
      const first = aJob(2);
      stored(await world.log.submit(first));
      const again = await world.other.log.submit(aJob(2, { job: jobOf(first), ...over }));
      expect(again).toEqual({ outcome: 'exists', digest: aRequest.digest });
      expect((await world.log.read(jobOf(first)))?.tasks[0]?.last.state.of.pool).toBe('default');
    });

    it.each([1, 20])('lets one of two simultaneous submitters store the job (%d tasks)', async (total) => {
      const specs = aJob(total);
      const outcomes = await Promise.all([world.log.submit(specs), world.other.log.submit(specs)]);
      expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['exists', 'stored']);
      expect(await world.log.history(jobOf(specs))).toHaveLength(total);
    });

    it.each([1, 3])('recognises its own job after a lost acknowledgement (%d tasks)', async (total) => {
      const specs = aJob(total);
      world.loseNextAnswer();
      const entries = stored(await world.log.submit(specs));
      const record = await world.log.read(jobOf(specs));
      expect(entries.map(({ sequence }) => sequence)).toEqual(record?.tasks.map(({ last }) => last.sequence));
      expect(await world.log.history(jobOf(specs))).toHaveLength(total);
    });

    it('stores all of 500 tasks or none', async () => {
      const specs = aJob(500);
      stored(await world.log.submit(specs));
      expect((await world.other.log.read(jobOf(specs)))?.tasks).toHaveLength(500);
      const taken = aJob(500, { job: jobOf(specs) });
      expect((await world.log.submit(taken)).outcome).toBe('exists');
      expect(await world.log.history(jobOf(specs))).toHaveLength(500);
    });

    it('only the first message of a batch expects an empty job', async () => {
      const specs = aJob(4);
      expect(stored(await world.log.submit(specs)).map(({ state }) => state.of.task)).toEqual([0, 1, 2, 3]);
    });

    it('accepts the id of an expired job again', async () => {
      const old = aJob(2);
      stored(await world.log.submit(old));
      const later = old[0]!.state.of.expiresAt + 1;
      world.setNow(later);
      expect(await world.log.read(jobOf(old))).toBeUndefined();
      const fresh = aJob(1, { job: jobOf(old), submittedAt: later });
      stored(await world.log.submit(fresh));
      expect((await world.log.read(jobOf(old)))?.tasks).toHaveLength(1);
    });
  });

  describe('concurrency key', () => {
    const keyed = (total: number, key: string): SpecWrite[] =>
      aJob(total).map(({ state, detail }) => ({
        state,
        detail: { ...detail, request: { ...aRequest, concurrencyKey: key } },
      }));

    it('is held by the first open job, and free again when that job has finished', async () => {
      const holder = keyed(1, 'house-7');
      const [entry] = stored(await world.log.submit(holder));
      expect(await world.other.log.submit(keyed(2, 'house-7'))).toEqual({ outcome: 'conflict', holder: jobOf(holder) });
      expect((await world.log.submit(holder)).outcome).toBe('exists');
      stored(await world.log.submit(keyed(1, 'house-8')));
      await write(world.log, status(cancelled(entry!.state as Queued, start)), entry!.sequence);
      stored(await world.log.submit(keyed(2, 'house-7')));
      expect((await world.log.submit(holder)).outcome).toBe('exists');
    });

    it('is taken again by a retry, which is refused while another open job holds it', async () => {
      const first = keyed(1, 'house-9');
      const [entry] = stored(await world.log.submit(first));
      const end = cancelled(entry!.state as Queued, start);
      const finished = await write(world.log, status(end), entry!.sequence);
      const second = keyed(1, 'house-9');
      const [other] = stored(await world.log.submit(second));
      const retry = { state: newRun(end, 'Retried', start), detail: first[0]!.detail };
      const refused = await world.log.write(retry, finished.sequence).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'ConcurrencyConflict', details: { holder: jobOf(second) } });
      await write(world.log, status(cancelled(other!.state as Queued, start)), other!.sequence);
      const again = await write(world.log, retry, finished.sequence);
      expect(await world.log.last(again.state.of)).toMatchObject({ sequence: again.sequence, writeId: again.writeId });
      expect(await world.log.submit(keyed(1, 'house-9'))).toEqual({ outcome: 'conflict', holder: jobOf(first) });
      expect((await world.log.write(retry, finished.sequence)).outcome).toBe('refused');
    });

    it('is taken by one of several simultaneous jobs', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? world : world.other).log.submit(keyed(1, 'one-only'))),
      );
      expect(outcomes.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1);
      expect(outcomes.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(7);
    });
  });
});
