// The contract of every job log: conditional writes and correct reads.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { taskError } from '../../src/job/errors/index.ts';
import type { Queued, Running } from '../../src/job/task.ts';
import { cancelled, claimed, deleted, failed, newRun, waiting } from '../../src/job/transitions.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import { memoryAdapter, natsAdapter, type LogInstallation } from './jobLogAdapters.ts';
import { claim, jobOf, requeue, status, stored, submitOne, success, write } from '../support/steps.ts';
import { aJob, aRequest, freshJobId, start } from '../fakes/tasks.ts';
import { until } from '../support/until.ts';

const minute = 60_000;

describe.each([memoryAdapter, natsAdapter()])('job log ($name)', (adapter) => {
  let world: LogInstallation;
  beforeEach(async () => {
    world = await adapter.open();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  describe('write', () => {
    it('lets one of many writers win, and gives the others the last message', async () => {
      const spec = await submitOne(world.log);
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 === 0 ? world : world.other).log.write(claim(spec, `worker-${n}`), spec.sequence),
        ),
      );
      const winners = outcomes.filter(({ outcome }) => outcome === 'written') as { entry: LogEntry }[];
      expect(winners).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.outcome === 'refused') expect(outcome.last?.sequence).toBe(winners[0]!.entry.sequence);
      }
      expect(await world.log.history(spec.state.of.job)).toHaveLength(2);
    });

    it('recognises its own message by the write id after a lost acknowledgement', async () => {
      const spec = await submitOne(world.log);
      world.loseNextAnswer();
      const outcome = await world.log.write(claim(spec), spec.sequence);
      expect(outcome.outcome).toBe('written');
      expect(await world.other.log.last(spec.state.of)).toMatchObject({
        sequence: (outcome as { entry: LogEntry }).entry.sequence,
      });
      expect(await world.log.history(spec.state.of.job)).toHaveLength(2);
    });

    it('recognises its own message after a lost acknowledgement even if others wrote after it', async () => {
      const spec = await submitOne(world.log);
      world.loseNextAnswer();
      const writing = world.log.write(claim(spec), spec.sequence);
      const own = await until(
        async () => {
          const last = await world.other.log.last(spec.state.of);
          return last?.state.state === 'running' && { ...last, state: last.state };
        },
        { what: 'the write whose answer is lost' },
      );
      await write(world.other.log, success(own), own.sequence);
      const outcome = await writing;
      const found = outcome.outcome === 'written' ? outcome.entry : outcome.overtaken;
      expect(found).toMatchObject({ sequence: own.sequence, writeId: own.writeId, state: { state: 'running' } });
      expect(await world.log.history(spec.state.of.job)).toHaveLength(3);
    });

    it('a refused claim after a timed-out attempt compares the write id, not the worker', async () => {
      const spec = await submitOne(world.log);
      const first = await write(world.log, claim(spec, 'same-worker'), spec.sequence);
      const second = await world.log.write(claim(spec, 'same-worker'), spec.sequence);
      expect(second).toMatchObject({ outcome: 'refused', last: { sequence: first.sequence, writeId: first.writeId } });
    });

    it('refuses a stale worker whose task was requeued and runs elsewhere', async () => {
      const spec = await submitOne(world.log);
      const stale = await write(world.log, claim(spec, 'frozen'), spec.sequence);
      const again = await write(world.log, requeue(stale, 'lost'), stale.sequence);
      const now = await write(world.log, claim(again, 'healthy'), again.sequence);
      const late = await world.log.write(success(stale), stale.sequence);
      expect(late).toMatchObject({
        outcome: 'refused',
        last: { sequence: now.sequence, state: { worker: 'healthy' } },
      });
    });

    it('"mine" is the sequence of the claim: one worker with two attempts of a task can finish one of them', async () => {
      const spec = await submitOne(world.log);
      const thawed = await write(world.log, claim(spec, 'same'), spec.sequence);
      const again = await write(world.log, requeue(thawed, 'lost'), thawed.sequence);
      const second = await write(world.log, claim(again, 'same'), again.sequence);
      expect((await world.log.write(success(thawed), thawed.sequence)).outcome).toBe('refused');
      expect((await world.log.write(success(second), second.sequence)).outcome).toBe('written');
    });

    it('does not let a redelivered old spec be claimed', async () => {
      const spec = await submitOne(world.log);
      const running = await write(world.log, claim(spec), spec.sequence);
      const requeuedSpec = await write(world.log, requeue(running, 'lost'), running.sequence);
      const outcome = await world.log.write(claim(spec, 'late'), spec.sequence);
      expect(outcome).toMatchObject({ outcome: 'refused', last: { sequence: requeuedSpec.sequence } });
    });

    it('lets a refused result be written on top of the newer last message', async () => {
      const spec = await submitOne(world.log);
      const running = await write(world.log, claim(spec), spec.sequence);
      await write(world.log, requeue(running, 'lost'), running.sequence);
      const refused = await world.log.write(success(running), running.sequence);
      if (refused.outcome !== 'refused') throw new Error('was not refused');
      const adopted = await world.log.write(success(running), refused.last!.sequence);
      expect(adopted.outcome).toBe('written');
      expect((await world.log.last(spec.state.of))?.state.state).toBe('succeeded');
    });

    it('lets either a cancel or a claim at the same time win', async () => {
      const specs = stored(await world.log.submit(aJob(20)));
      for (const spec of specs) {
        const [claimOutcome, cancelOutcome] = await Promise.all([
          world.log.write(claim(spec), spec.sequence),
          world.other.log.write(status(cancelled(spec.state as Queued, start)), spec.sequence),
        ]);
        expect([claimOutcome.outcome, cancelOutcome.outcome].toSorted()).toEqual(['refused', 'written']);
      }
    });

    it('refuses a write to a missing task', async () => {
      const outcome = await world.log.write(status(claimed(aJob(1)[0]!.state, 'w', 1, start)), 17);
      expect(outcome).toEqual({ outcome: 'refused', last: undefined });
    });
  });

  describe('read', () => {
    it('reports that a job does not exist', async () => {
      expect(await world.log.read(freshJobId())).toBeUndefined();
      expect(await world.log.last({ pool: 'default', job: freshJobId(), task: 0 })).toBeUndefined();
      expect(await world.log.request({ pool: 'default', job: freshJobId(), task: 0 })).toBeUndefined();
      expect(await world.log.history(freshJobId())).toEqual([]);
    });

    it('finds a job by its id alone, and by id and pool', async () => {
      const specs = aJob(2, { pool: 'pictures' });
      stored(await world.log.submit(specs));
      expect(await world.log.read(jobOf(specs), 'pictures')).toEqual(await world.log.read(jobOf(specs)));
      expect(await world.log.read(jobOf(specs), 'other')).toBeUndefined();
    });

    it("returns each task's last message with its detail, and its newest request", async () => {
      const [spec, untouched] = stored(await world.log.submit(aJob(2)));
      const running = await write(world.log, claim(spec!), spec!.sequence);
      const error = taskError('ProviderError', 'no luck');
      const ended = failed(running.state as Running, 'ProviderError', start);
      const end = await write(world.log, { state: ended, detail: { message: 'No luck', error } }, running.sequence);
      const tweaked = { ...aRequest, input: { prompt: 'with a fence' } };
      const again = newRun(ended, 'Tweaked', start);
      await write(world.log, { state: again, detail: { message: 'Tweaked', request: tweaked } }, end.sequence);
      const record = await world.log.read(spec!.state.of.job);
      expect(record?.tasks[0]).toMatchObject({ last: { state: { state: 'queued', run: 2 } }, request: tweaked });
      expect(record?.tasks[1]?.last.sequence).toBe(untouched!.sequence);
      expect(await world.log.request(spec!.state.of)).toEqual(tweaked);
    });

    it('returns the history of every task in order, across lanes', async () => {
      const [one, two] = stored(await world.log.submit(aJob(2, { priority: 'low' })));
      const running = await write(world.log, claim(one!), one!.sequence);
      await write(world.log, claim(two!), two!.sequence);
      const back = status(waiting(running.state as Running, 'ProviderError', start + minute, start));
      const waits = await write(world.log, back, running.sequence);
      const spec = await write(world.log, requeue(waits, 'counts'), waits.sequence);
      await write(world.log, claim(spec), spec.sequence);
      const history = await world.log.history(one!.state.of.job);
      expect(history.map(({ state }) => [state.of.task, state.state])).toEqual([
        [0, 'queued'],
        [0, 'running'],
        [0, 'waiting'],
        [0, 'queued'],
        [0, 'running'],
        [1, 'queued'],
        [1, 'running'],
      ]);
      expect(history.every(({ detail }) => detail.message.length > 0)).toBe(true);
    });

    it('purges a deleted job up to its tombstones, which refuse a late retry', async () => {
      const spec = await submitOne(world.log);
      const end = cancelled(spec.state as Queued, start);
      const finished = await write(world.log, status(end), spec.sequence);
      const tombstone = await write(world.log, status(deleted(end, start)), finished.sequence);
      await world.log.purge(spec.state.of.job, spec.state.of.pool);
      expect(await world.log.read(spec.state.of.job)).toBeUndefined();
      const retry = { state: newRun(end, 'Retried', start), detail: { message: 'Retried', request: aRequest } };
      const late = await world.log.write(retry, finished.sequence);
      expect(late).toMatchObject({ outcome: 'refused', last: { sequence: tombstone.sequence } });
      stored(await world.log.submit(aJob(1, { job: spec.state.of.job })));
    });

    it('does not touch a task that a newer version of Genwarden wrote', async () => {
      const [spec] = aJob(1);
      await world.putNewer(spec!);
      await expect(world.log.last(spec!.state.of)).rejects.toThrow(/newer version/);
    });

    it('reports the size of the stream', async () => {
      const entries = stored(await world.log.submit(aJob(3)));
      const health = await world.log.health();
      expect(health).toMatchObject({ messages: 3, maxBytes: -1, position: { sequence: entries.at(-1)!.sequence } });
      expect(health.bytes).toBeGreaterThan(1_000);
    });
  });
});
