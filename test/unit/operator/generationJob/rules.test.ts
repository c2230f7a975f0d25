// The pure decisions: the status and its size, how often it is written, and the labels of a job.
import { longAgo, monotonicFrom } from '../../../../src/job/time.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue, GenwardenError, type ErrorCode } from '../../../../src/job/errors/index.ts';
import type { TaskState } from '../../../../src/job/task.ts';
import { cancelled, claimed, failed, newRun, succeeded, toReview, waiting } from '../../../../src/job/transitions.ts';
import { statusEvents } from '../../../../src/operator/generationJob/decide/statusEvents.ts';
import { jobLabels, classifyRefusal } from '../../../../src/operator/generationJob/submit.ts';
import type { Observation } from '../../../../src/operator/generationJob/observe.ts';
import { summarizeJob, type ObservedTask } from '../../../../src/operator/generationJob/jobSummary.ts';
import { nextStatus } from '../../../../src/operator/generationJob/decide/status.ts';
import { afterWrite, writeDue, type WriteHistory } from '../../../../src/operator/generationJob/decide/schedule.ts';
import {
  generationJobStatus,
  type GenerationJob,
  type GenerationJobStatus,
} from '../../../../src/operator/resources/generationJob.ts';
import { queuedTask } from '../../../fakes/tasks.ts';

const now = Date.UTC(2026, 10, 22);

const resource = (status?: GenerationJobStatus): GenerationJob => ({
  apiVersion: 'genwarden.dev/v1alpha1',
  kind: 'GenerationJob',
  metadata: {
    name: 'yard',
    namespace: 'shop',
    uid: 'u1',
    resourceVersion: '1',
    generation: 3,
    creationTimestamp: new Date(now).toISOString(),
  },
  spec: { kind: 'image', pool: 'default', priority: 'normal', suspend: false, ttlSecondsAfterFinished: 86_400 },
  ...(status === undefined ? {} : { status }),
});

const text = fc.string({ unit: 'binary', maxLength: 3_000 });

const states: readonly ((at: number, total: number) => TaskState)[] = [
  (at, total) => queuedAt(at, total),
  (at, total) => runningAt(at, total),
  (at, total) => waiting(runningAt(at, total), 'ProviderUnavailable', now + 9, now + 5),
  (at, total) => toReview(runningAt(at, total), now + 5),
  (at, total) => succeeded(runningAt(at, total), now + 6),
  (at, total) => failed(runningAt(at, total), 'AttemptTimeout', now + 7),
  (at, total) => failed(runningAt(at, total), 'PoisonPill', now + 8),
  (at, total) => cancelled(runningAt(at, total), now + 8),
  (at, total) => newRun(failed(runningAt(at, total), 'PoisonPill', now + 8), 'Retried', now + 9),
];

const queuedAt = (task: number, total: number) =>
  queuedTask({ job: 'j'.repeat(26), task, total, name: task % 2 === 0 ? null : `t${task}` });
const runningAt = (task: number, total: number) => claimed(queuedAt(task, total), 'worker-1', 1, now + 1);

const someTasks: fc.Arbitrary<ObservedTask[]> = fc
  .array(fc.tuple(fc.nat({ max: states.length - 1 }), fc.option(text, { nil: undefined })), {
    minLength: 1,
    maxLength: 30,
  })
  .map((picks) =>
    picks.map(([pick, message], at) => ({
      state: states[pick]!(at, picks.length),
      ...(message === undefined ? {} : { message }),
    })),
  );

const codes = Object.keys(catalogue) as ErrorCode[];

const observations: fc.Arbitrary<Observation> = fc.oneof(
  { weight: 6, arbitrary: someTasks.map((tasks): Observation => ({ kind: 'job', summary: summarizeJob(tasks) })) },
  fc
    .tuple(fc.constantFrom(...codes), text)
    .map(([code, message]) => classifyRefusal(new GenwardenError(code, message), resource(), now)),
  fc.tuple(fc.constantFrom(...codes), text).map(([code, message]) => ({ kind: 'unanswered', code, message }) as const),
  fc
    .tuple(fc.constantFrom('JobDeleted' as const, 'JobExpired' as const), text)
    .map(([reason, message]) => ({ kind: 'jobMissing', reason, message }) as const),
);

/** The status after each observation, ten seconds apart. */
function statuses(all: readonly Observation[]): GenerationJobStatus[] {
  let status: GenerationJobStatus | undefined;
  return all.map((observed, at) => (status = nextStatus(resource(status), observed, now + at * 10_000)));
}

describe('a status', () => {
  const seen = fc.array(observations, { minLength: 1, maxLength: 8 });

  test('matches the schema and stays under 4 KiB for every observation', () => {
    fc.assert(
      fc.property(seen, (all) => {
        for (const status of statuses(all)) {
          expect(() => generationJobStatus.parse(status)).not.toThrow();
          expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThanOrEqual(4_096);
        }
      }),
    );
  });

  test('does not change when the same is observed again later', () => {
    fc.assert(
      fc.property(seen, (all) => {
        const last = statuses(all).at(-1)!;
        const again = nextStatus(resource(last), all.at(-1)!, now + 1_000_000);
        expect(writeDue(last, again, undefined, longAgo)).toEqual({ due: 'never' });
        expect(statusEvents(last, again)).toEqual([]);
      }),
    );
  });

  test('is Finished exactly if it is Complete or Failed, and every condition has the generation', () => {
    fc.assert(
      fc.property(seen, (all) => {
        for (const status of statuses(all)) {
          const holds = Object.fromEntries(status.conditions!.map(({ type, status: is }) => [type, is]));
          const types = Object.keys(holds).filter((type) => !['NeedsReview', 'Reconciling', 'Stalled'].includes(type));
          expect(types.toSorted()).toEqual(['Accepted', 'Complete', 'Failed', 'Finished', 'Ready']);
          expect(holds['Reconciling']).toBe(holds['Finished'] === 'True' ? undefined : 'True');
          expect(holds['Stalled']).toBe(holds['Failed'] === 'True' ? 'True' : undefined);
          expect(holds['Ready']).toBe(holds['Complete']);
          if (holds['Finished'] === 'True') expect(holds['NeedsReview'] ?? 'False').toBe('False');
          expect(holds['Finished'] === 'True').toBe(holds['Complete'] === 'True' || holds['Failed'] === 'True');
          expect(holds['Complete'] === 'True' && holds['Failed'] === 'True').toBe(false);
          expect(holds['Finished'] === 'True').toBe(status.completionTime !== undefined);
          for (const { observedGeneration } of status.conditions!) expect(observedGeneration).toBe(3);
        }
      }),
    );
  });

  test('keeps lastTransitionTime while the status of a condition is the same', () => {
    fc.assert(
      fc.property(seen, (all) => {
        const each = statuses(all);
        for (const [at, status] of each.entries()) {
          for (const condition of status.conditions!) {
            const before = each[at - 1]?.conditions!.find(({ type }) => type === condition.type);
            const isSame = before?.status === condition.status;
            const changed = new Date(now + at * 10_000).toISOString();
            const allowed = isSame ? [before.lastTransitionTime] : [changed];
            expect(allowed).toContain(condition.lastTransitionTime);
          }
        }
      }),
    );
  });
});

test('a status is written at milestones, otherwise at most every two seconds, and never beyond the rate limit', () => {
  const steps = fc.array(fc.tuple(someTasks, fc.nat({ max: 400 })), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(steps, (all) => {
      let status: GenerationJobStatus | undefined;
      let history: WriteHistory | undefined;
      let time = 0;
      let [writes, milestones] = [0, 0];
      for (const [tasks, ms] of all) {
        time += ms;
        const next = nextStatus(resource(status), { kind: 'job', summary: summarizeJob(tasks) }, now + time);
        if (writeDue(status, next, history, monotonicFrom(time)).due !== 'now') continue;
        const isEnd = next.completionTime !== undefined || status?.completionTime !== undefined;
        if (isEnd || status?.startTime !== next.startTime) milestones += 1;
        writes += 1;
        [status, history] = [next, afterWrite(history, monotonicFrom(time))];
      }
      expect(writes).toBeLessThanOrEqual(1 + milestones + time / 2_000);
      expect(writes).toBeLessThanOrEqual(13 + time / 10_000);
    }),
  );
});

describe('labels', () => {
  test('of tools are left out, as are labels that are invalid for a job', () => {
    const labels = {
      project: 'p42',
      'shop.example/area': 'a1',
      'app.kubernetes.io/managed-by': 'Helm',
      'kubernetes.io/metadata.name': 'x',
      'helm.sh/chart': 'x-1',
      'kustomize.toolkit.fluxcd.io/name': 'x',
      'argocd.argoproj.io/instance': 'x',
      'not a key': 'x',
      value: 'not a value!',
    };
    expect(jobLabels(labels)).toEqual({ project: 'p42', 'shop.example/area': 'a1' });
    expect(jobLabels()).toEqual({});
  });

  test('are limited to the first sixteen', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`l${String(at).padStart(2, '0')}`, 'x']));
    expect(Object.keys(jobLabels(many))).toEqual(Object.keys(many).slice(0, 16));
  });
});

test('a refused submit is retried until the queue timeout or the deadline, whichever is earlier', () => {
  const until = (policy: object | undefined, code: ErrorCode = 'PoolNotFound', after = 0): number | null => {
    const spec = { ...resource().spec!, ...(policy === undefined ? {} : { policy }) };
    return classifyRefusal(new GenwardenError(code, 'no'), { ...resource(), spec }, now + after).retriedUntil;
  };
  expect(until(undefined)).toBe(now + 86_400_000);
  expect(until({ queueTimeout: '10m' })).toBe(now + 600_000);
  expect(until({ queueTimeout: '10m', deadline: '5m' })).toBe(now + 300_000);
  expect(until({ queueTimeout: '10m' }, 'PoolNotFound', 600_000)).toBeNull();
  expect(until(undefined, 'InvalidRequest')).toBeNull();
});
