// The spans of a task, from its submit to its webhook: their names, and the attributes that they share. No attribute contains
// text of clients or providers.

import type { TaskIdentity, TaskState } from '../../job/task.ts';
import { traceOf, type TraceContext } from '../../job/trace.ts';
import type { Attributes, Span, SpanLink, Tracer } from './tracer.ts';

export interface SubmitSpanOptions {
  /** The span of the request; undefined: the submit starts the trace. */
  readonly parent?: TraceContext | undefined;
  readonly tenant: string;
  readonly pool: string;
}

/** What the job's tasks are queued by; all its other spans belong to this one. */
export function startSubmitSpan(tracer: Tracer, { parent, tenant, pool }: SubmitSpanOptions): Span {
  return tracer.start('submit job', {
    parent,
    root: true,
    kind: 'producer',
    attributes: {
      'messaging.system': 'nats',
      'messaging.operation.name': 'submit',
      'messaging.operation.type': 'send',
      'messaging.destination.name': pool,
      'genwarden.tenant': tenant,
    },
  });
}

/** The time that the task was queued, until the worker claimed it. */
export function recordQueueSpan(tracer: Tracer, queued: TaskState, claimedAt: number): void {
  const { of, since, reason } = queued;
  const attributes = { ...attributesOf(queued), 'genwarden.reason': reason };
  tracer.start('wait in queue', { parent: traceOf(of), startTime: since, attributes }).end(claimedAt);
}

/** An attempt at the task; it links to the one before, which may be that of an earlier run. */
export function startAttemptSpan(tracer: Tracer, queued: TaskState, worker: string): Span {
  return tracer.start('attempt', {
    parent: traceOf(queued.of),
    kind: 'consumer',
    attributes: {
      ...attributesOf(queued),
      'genwarden.attempt': queued.attempt + 1,
      'genwarden.worker': worker,
      'messaging.system': 'nats',
      'messaging.operation.name': 'claim',
      'messaging.operation.type': 'process',
      'messaging.destination.name': queued.of.pool,
    },
    links: earlierAttempt(queued),
  });
}

/** What the controller decided about the task, and wrote. */
export function startVerdictSpan(tracer: Tracer, task: TaskState, rule: string): Span {
  const attributes = { ...attributesOf(task), 'genwarden.rule': rule };
  return tracer.start(`decide ${rule}`, { parent: traceOf(task.of), attributes, links: linksTo(task, 'attempt') });
}

/** The attributes of every span of the task. */
export function attributesOf({ of, run, attempt }: TaskState): Attributes {
  return { ...identityOf(of), 'genwarden.task': of.task, 'genwarden.run': run, 'genwarden.attempt': attempt };
}

function identityOf({ job, tenant, pool }: TaskIdentity): Attributes {
  return { 'genwarden.job': job, 'genwarden.tenant': tenant, 'genwarden.pool': pool };
}

function earlierAttempt(queued: TaskState): readonly SpanLink[] {
  const isFirstOfRun = queued.attempt === 0 && queued.run > 1;
  return linksTo(queued, isFirstOfRun ? 'earlier_run' : 'earlier_attempt');
}

/** To the task's latest attempt, if one was traced. */
function linksTo({ of, attemptSpan }: TaskState, relation: string): readonly SpanLink[] {
  const trace = traceOf(of);
  if (trace === undefined || attemptSpan === undefined) return [];
  return [{ context: { ...trace, spanId: attemptSpan }, attributes: { 'genwarden.link': relation } }];
}
