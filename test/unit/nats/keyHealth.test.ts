// The circuit breaker of a provider's model: when it opens, who probes, how often, and what ends it.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  afterAnswer,
  afterOutage,
  afterSilence,
  healthy,
  isKnownOutage,
  isProbe,
  openBreaker,
  probeAt,
  renewProbe,
  startProbe,
  type HealthRecord,
} from '../../../src/adapters/nats/keys/health.ts';
import { taskError, type TaskErrorCode } from '../../../src/job/errors/index.ts';

const start = 1_700_000_000_000;
const holdFor = 30_000;
const error = (code: TaskErrorCode, retryAfter?: number) =>
  taskError(code, 'overloaded', retryAfter === undefined ? {} : { retryAfter });
const unavailable = error('ProviderUnavailable');
const fails = (record: HealthRecord, id: string, task: string, now: number, with_ = unavailable): HealthRecord =>
  afterOutage(record, { id, task }, with_, now);
const opened = (now = start): HealthRecord => fails(healthy('painter'), 'a', 'job/0', now);

/** A call as workers make it: admitted when the breaker is closed, or as its probe. */
function admitted(record: HealthRecord, id: string, task: string, now: number): HealthRecord | undefined {
  if (openBreaker(record, now) === null) return record;
  const probing = startProbe(record, { id, task }, now, holdFor);
  return isProbe(probing, id) && probing !== record ? probing : undefined;
}

test('while the provider is out, calls are at least two seconds apart, however many tasks ask', () => {
  const ask = fc.record({
    gap: fc.integer({ min: 0, max: 3_000 }),
    task: fc.integer({ min: 0, max: 4 }),
    lasts: fc.integer({ min: 0, max: 50_000 }),
    way: fc.constantFrom('outage', 'silence', 'killed'),
    retryAfter: fc.option(fc.oneof(fc.integer({ min: -5, max: 40_000 }), fc.constant(Number.NaN)), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(ask, { minLength: 1, maxLength: 200 }), (asks) => {
      let record = opened();
      let now = start;
      const calls: number[] = [];
      const ends: { at: number; end: (at: number) => void }[] = [];
      for (const [index, { gap, task, lasts, way, retryAfter }] of asks.entries()) {
        now += gap;
        for (const { at, end } of ends.splice(0).toSorted((a, b) => a.at - b.at)) {
          if (at <= now) end(at);
          else ends.push({ at, end });
        }
        const call = { id: String(index), task: `job/${task}` };
        const probing = admitted(record, call.id, call.task, now);
        if (probing === undefined) continue;
        expect(calls.filter((at) => now - at < 2_000)).toEqual([]);
        calls.push(now);
        record = probing;
        // A killed worker neither renews nor ends its probe.
        if (way === 'killed') continue;
        const ended = way === 'silence' ? afterSilence : undefined;
        ends.push({
          at: now + Math.min(lasts, 29_000),
          end: (at) => {
            record = ended?.(record, call, at) ?? afterOutage(record, call, error('ProviderError', retryAfter), at);
          },
        });
      }
      // One bad provider for at most ten minutes: at most a call in two seconds.
      expect(calls.length).toBeLessThanOrEqual((now - start) / 2_000);
    }),
  );
});

test('there is never more than one probe', () => {
  const probing = startProbe(opened(), { id: 'p', task: 'job/1' }, start + 2_000, holdFor);
  expect(isProbe(probing, 'p')).toBe(true);
  for (const at of [start + 2_000, start + 31_999]) {
    expect(startProbe(probing, { id: 'q', task: 'job/2' }, at, holdFor)).toBe(probing);
  }
  const renewed = renewProbe(probing, 'p', start + 12_000, holdFor);
  expect(startProbe(renewed, { id: 'q', task: 'job/2' }, start + 32_000, holdFor)).toBe(renewed);
  // The one of a killed worker lapses.
  expect(isProbe(startProbe(renewed, { id: 'q', task: 'job/2' }, start + 42_000, holdFor), 'q')).toBe(true);
});

test('a task that always fails does not keep others from a provider that works', () => {
  let record = healthy('painter');
  let served = 0;
  for (let now = start; now < start + 600_000; now += 500) {
    for (const task of ['poison/0', 'good/0']) {
      const id = `${task}-${now}`;
      const next = admitted(record, id, task, now);
      if (next === undefined) continue;
      if (task === 'poison/0') record = fails(next, id, task, now);
      else {
        record = afterAnswer(next, id, true);
        served += 1;
      }
    }
  }
  // The poisonous task opens the breaker each time, and the other's probe closes it two seconds later.
  expect(served).toBeGreaterThan(200);
});

test('failures of a call from before the outage neither start nor move a probe, unless the provider asks to wait', () => {
  const open = opened();
  // Two tasks on record are enough.
  const both = fails(open, 'b', 'job/1', start + 1_500);
  expect(both.open).toBe(open.open);
  expect(fails(both, 'c', 'job/2', start + 1_600)).toBe(both);
  const asked = fails(open, 'b', 'job/1', start + 1_500, error('ProviderUnavailable', 20_000));
  expect(probeAt(asked.open!, undefined, start)).toBe(start + 21_500);
});

test('a success clears what would open the breaker, but the last failures still corroborate', () => {
  const internal = error('ProviderError');
  const once = fails(healthy('painter'), 'a', 'job/0', start, internal);
  expect(once.open).toBeNull();
  const cleared = afterAnswer(once, 'b', true);
  expect(cleared.streak).toEqual([]);
  expect(fails(cleared, 'c', 'job/1', start + 1_000, internal).open).toBeNull();
  expect(isKnownOutage(cleared, 'job/1', start + 59_000)).toBe(true);
  expect(isKnownOutage(cleared, 'job/0', start + 59_000)).toBe(false);
  expect(isKnownOutage(cleared, 'job/1', start + 60_000)).toBe(false);
  // Nothing to clear, nothing to write.
  expect(afterAnswer(cleared, 'd', true)).toBe(cleared);
  expect(afterAnswer(once, 'b', false)).toBe(once);
});

test('a success from before the outage does not make the next failure of the first task its own', () => {
  const both = fails(opened(), 'b', 'job/1', start + 4);
  const closed = afterAnswer(both, 'old', true);
  expect(openBreaker(closed, start + 15)).toBeNull();
  expect(isKnownOutage(closed, 'job/0', start + 500)).toBe(true);
});

test('a task that fails again and again does not corroborate itself', () => {
  let record = healthy('painter');
  for (let failure = 0; failure < 3; failure += 1) {
    expect(isKnownOutage(record, 'job/0', start + failure)).toBe(false);
    record = fails(record, `f${failure}`, 'job/0', start + failure, error('ProviderError'));
  }
  expect(record.open).toMatchObject({ failures: 3, since: start });
});

test('an outage that no call has probed for ten minutes is forgotten', () => {
  const open = opened();
  expect(openBreaker(open, start + 602_000)).not.toBeNull();
  expect(openBreaker(open, start + 602_001)).toBeNull();
  const anew = fails(open, 'z', 'job/9', start + 700_000);
  expect(anew.open).toMatchObject({ since: start + 700_000, failures: 1 });
});
