// The payload of an event, and its signature as in Standard Webhooks.

import { Webhook } from 'standardwebhooks';
import { countStates, jobState } from '../job/jobState.ts';
import type { JsonObject, JsonValue } from '../job/jsonValue.ts';
import type { TaskIdentity, TaskState } from '../job/task.ts';
import { isoTime, type Instant } from '../job/time.ts';
import type { WebhookDelivery } from '../job/webhooks/delivery.ts';
import type { DetailedEntry } from '../ports/jobLog.ts';

/** More failed tasks are in the job, which the links lead to. */
const mostFailures = 10;

/** The data of an event of a task. */
export function taskData(
  state: TaskState,
  metadata: { readonly job: JsonValue; readonly task: JsonValue },
): JsonObject {
  const { index, name, state: own, run, reason } = taskFacts(state);
  const task = { index, name, state: own, run, reason, error: null, metadata: metadata.task };
  return { ...jobFacts(state.of, metadata.job), task };
}

/** The data of a job that has finished; `tasks` are the last messages of all its tasks. */
export function finishedData(tasks: readonly DetailedEntry[], jobMetadata: JsonValue): JsonObject {
  const states = tasks.map(({ state }) => state);
  const counts = countStates(states);
  const { succeeded, failed, cancelled } = counts;
  const failures = tasks.filter(({ state }) => state.state === 'failed').slice(0, mostFailures);
  return {
    ...jobFacts(states[0]!.of, jobMetadata),
    state: jobState(counts),
    progress: { total: states.length, succeeded, failed, cancelled },
    failures: failures.map(withError),
    task: tasks.length === 1 ? withError(tasks[0]!) : null,
  };
}

const jobFacts = ({ job, tenant, labels }: TaskIdentity, metadata: JsonValue): JsonObject => ({
  job,
  tenant,
  labels: { ...labels },
  metadata,
});

const taskFacts = ({ of: { task: index, name }, state, run, reason }: TaskState) => ({
  index,
  name,
  state,
  run,
  reason,
});

function withError({ state, detail }: DetailedEntry): JsonObject {
  const { code, message, retryable, hint } = detail.error ?? {};
  const error = code === undefined ? null : { code, message: message!, retryable: retryable!, hint: hint! };
  return { ...taskFacts(state), error };
}

/** The same text at every attempt, except for the links, which are signed anew. */
export function payloadOf({ event, at, data }: WebhookDelivery, links: JsonObject): string {
  return JSON.stringify({ type: event, timestamp: isoTime(at), data: { ...data, links } });
}

/** `now`: of the attempt; receivers refuse what is more than five minutes off their clock. Each secret signs. */
export function signedHeaders(
  id: string,
  body: string,
  secrets: readonly string[],
  now: Instant,
): Record<string, string> {
  const at = new Date(now);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}
