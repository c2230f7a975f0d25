// One write of every kind that the stream holds, always the same: what the golden files of messages are made from.

import { taskError, type TaskError } from '../../src/job/errors/index.ts';
import { policyFor } from '../../src/job/policy.ts';
import type { SpecWrite, StatusWrite, TaskDetail, TaskIdentity, TaskRequest, TaskWrite } from '../../src/job/task.ts';
import {
  cancelled,
  claimed,
  extended,
  deleted,
  failed,
  newRun,
  released,
  requeued,
  submitted,
  submittedHeld,
  succeeded,
  toReview,
  waiting,
} from '../../src/job/transitions.ts';

const start = Date.UTC(2026, 10, 22, 9);
const second = 1_000;

const of: TaskIdentity = {
  job: '0c1v7q2m9x4k8d3f6h5j0n1p2r',
  task: 7,
  name: 'façade-süd',
  total: 20,
  tenant: 'default',
  pool: 'pictures',
  kind: 'image',
  model: 'gemini-3.1-flash-image',
  priority: 'high',
  labels: { house: '7' },
  policy: policyFor('image'),
  submittedAt: start,
  expiresAt: start + 7 * 86_400_000,
  deadline: null,
  owner: null,
};

const request: TaskRequest = {
  input: {
    prompt: 'the front yard with native plants — “wild” ones',
    aspectRatio: '4:3',
    references: [{ artifact: `sha256:${'ab'.repeat(32)}`, mediaType: 'image/jpeg', caption: 'the house' }],
  },
  metadata: { row: 12, note: null },
  jobMetadata: {},
  digest: `sha256:${'cd'.repeat(32)}`,
  concurrencyKey: 'house-7',
};

/** A task that waits for the storyboard, and draws its first beat after its image. */
const held = submittedHeld(
  { ...of, after: [2], jobKind: 'text', jobModel: 'gemini-3.5-flash' },
  start + 3_600 * second,
);
const chained: TaskRequest = {
  ...request,
  input: {
    prompt: 'Draw: {{tasks.storyboard.output.beats[0]}}',
    references: [{ artifact: { task: 'storyboard', name: 'image' }, caption: 'the board' }],
  },
  after: ['storyboard'],
  concurrencyKey: null,
};

/** A task whose result a model checks, and its request after a tweak. */
const checkedQueued = submitted({ ...of, policy: policyFor('image', { check: { prompt: 'Is anything red?' } }) });
const checkedRunning = claimed(checkedQueued, 'worker-a1', 12, start + 2 * second);
const flagged = toReview(checkedRunning, start + 9 * second, 'Flagged');
const checked: TaskRequest = {
  ...request,
  check: {
    prompt: 'Is anything red?',
    schema: { type: 'object', properties: { flagged: { type: 'boolean' } }, required: ['flagged'] },
    models: { pictures: 'gemini-2.5-flash' },
  },
};
const tweaked: TaskRequest = {
  ...checked,
  tweaked: { prompt: request.input.prompt, instructions: ['Fix red violations'] },
};

/** A job with a webhook: the events are in the header, the address in the body of the spec. */
const announced = submitted({ ...of, webhook: ['job.finished', 'task.succeeded'] });

/** A job that was submitted in a trace, and its second attempt. */
const traced = submitted({
  ...of,
  trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  traceState: 'vendor=t61',
});
const tracedRunning = { ...claimed(traced, 'worker-a1', 12, start + 2 * second), attemptSpan: '53995c3f42cd8ad8' };

/** The first task of a job tells how its prompt begins. */
const first = submitted({ ...of, task: 0, promptStart: 'façade — “wild” 🌿' });

const queued = submitted(of);
const running = claimed(queued, 'worker-a1', 12, start + 2 * second);
// Both hints are spelled out, because the golden files must not change when the catalogue's wording does.
const error: TaskError = {
  ...taskError('RateLimited', 'Too many requests', { provider: { status: 429 }, retryAfter: 20_000 }),
  hint: 'The key cools down and the task is queued again; add keys or lower the load if it lasts.',
};
const ended = failed(running, 'PromptRefused', start + 9 * second);
const refusal: TaskError = {
  ...taskError('PromptRefused', 'The prompt was refused', { provider: { code: 'SAFETY' } }),
  hint: 'Change the prompt or the references: the provider’s safety rules forbid them; error.provider.code says which.',
};
const image = {
  name: 'image.png',
  mediaType: 'image/png',
  bytes: 1_234_567,
  digest: `sha256:${'ef'.repeat(32)}`,
  width: 1024,
  height: 768,
};
const result: TaskDetail = {
  message: 'Made by worker-a1',
  artifacts: [image],
  output: { caption: 'done', score: null },
  usage: { inputTokens: 12, outputTokens: 1290, durationMs: 7_000 },
};

export const goldenWrites: Readonly<Record<string, TaskWrite>> = {
  submitted: spec(queued, 'Submitted'),
  requeued: spec(requeued(running, 'WorkerLost', 'lost', start + 5 * second), 'Worker worker-a1 was lost'),
  retried: spec(newRun(ended, 'Retried', start + 60 * second), 'Run 2, asked for by ann'),
  running: status(running, { message: 'Claimed by worker-a1' }),
  waiting: status(waiting(running, 'RateLimited', start + 30 * second, start + 9 * second), {
    message: 'Tried again at 09:00:30',
    error,
  }),
  needsReview: status(toReview(running, start + 9 * second), result),
  succeeded: status(succeeded(running, start + 9 * second), result),
  succeededInS3: status(succeeded(running, start + 9 * second), {
    ...result,
    artifacts: [{ ...result.artifacts![0]!, path: 'default/none/0c1v7q2m9x4k8d3f6h5j0n1p2r/7-image.png' }],
  }),
  failed: status(ended, { message: 'The provider refused the prompt', error: refusal }),
  cancelled: status(cancelled(queued, start + second), { message: 'Cancelled by ann' }),
  held: spec(held, 'Waits for task 2 (storyboard)', chained),
  extended: spec(extended(held, start + 7_200 * second), 'It waits longer for task 2 (storyboard)', chained),
  released: spec(released(held, start + 20 * second), 'Queued: task 2 (storyboard) has succeeded', chained),
  claimedAfter: status(claimed(released(held, start + 20 * second), 'worker-a1', 12, start + 21 * second), {
    message: 'Claimed by worker-a1',
  }),
  checked: spec(checkedQueued, 'Submitted', checked),
  flagged: status(flagged, { ...result, flags: [{ source: 'check', reason: 'The border is red' }] }),
  tweaked: spec(newRun(flagged, 'Tweaked', start + 60 * second), 'Run 2: a tweak requested by ann', tweaked),
  first: spec(first, 'Submitted'),
  firstRunning: status(claimed(first, 'worker-a1', 12, start + 2 * second), { message: 'Claimed by worker-a1' }),
  announced: spec(announced, 'Submitted', { ...request, webhook: { url: 'https://app.example/hook?token=1' } }),
  announcedRunning: status(claimed(announced, 'worker-a1', 12, start + 2 * second), {
    message: 'Claimed by worker-a1',
  }),
  traced: spec(traced, 'Submitted'),
  tracedRunning: status(tracedRunning, { message: 'Claimed by worker-a1' }),
  deleted: status(deleted(ended, start + 90 * second), { message: 'Deleted' }),
};

function spec(state: SpecWrite['state'], message: string, asked = request): SpecWrite {
  return { state, detail: { message, request: asked } };
}

function status(state: StatusWrite['state'], detail: TaskDetail): TaskWrite {
  return { state, detail };
}
