// Examples of bodies and answers, by operation. A test validates each against its schema.

import {
  change,
  explained,
  finishedJob,
  finishedListed,
  input,
  queuedJob,
  queuedListed,
  submitted,
} from './exampleJobs.ts';

type Examples = Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
type OperationExamples = Readonly<Partial<Record<number | 'body', Examples>>>;

const one = (summary: string, value: unknown): Examples => ({ example: { summary, value } });
const job = queuedJob.id;

/** By `operationId`, then `body` or the status of the answer. */
export const examples: Readonly<Record<string, OperationExamples>> = {
  health: { 200: one('Alive', { status: 'ok' }) },
  ready: { 200: one('Ready', { status: 'ready' }) },
  submitJob: {
    body: {
      image: { summary: 'One image', value: submitted },
      text: {
        summary: 'A text that fits a JSON Schema',
        value: {
          kind: 'text',
          input: {
            prompt: 'plan a front yard',
            schema: { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] },
          },
        },
      },
      reviewed: {
        summary: 'Two images that a person must approve',
        value: {
          kind: 'image',
          input: { prompt: 'a story book page' },
          tasks: [{ name: 'page-1' }, { name: 'page-2', input: { prompt: 'the last page' } }],
          policy: { review: 'always', reviewTimeout: '7d' },
        },
      },
    },
    200: one('It finished while `wait` lasted', { ...finishedJob, warnings: [] }),
    202: one('It is queued', { ...queuedJob, warnings: [] }),
  },
  listJobs: {
    200: one('Two jobs', { items: [queuedListed, finishedListed], next: null, complete: true, since: null }),
  },
  getJob: {
    200: {
      queued: { summary: 'Waiting for a worker', value: queuedJob },
      finished: { summary: 'Finished', value: finishedJob },
    },
  },
  getHistory: {
    200: one('A claim', {
      items: [{ ...change, message: 'Claimed', lane: null, error: null, usage: null, artifacts: [] }],
      next: null,
    }),
  },
  getInput: { 200: one('Of the first image', input) },
  watchJob: { 200: one('A transition', { id: '1k2f9zq-4712', event: 'task', data: JSON.stringify(taskChange()) }) },
  watchJobs: {
    200: one('The first event', {
      id: '1k2f9zq-4711',
      event: 'snapshot',
      data: JSON.stringify({ items: [queuedListed], next: null, complete: true }),
    }),
  },
  cancelJob: {
    body: one('Let running tasks finish', { running: 'finish' }),
    200: one('Nothing was left to cancel', finishedJob),
  },
  retryJob: { body: one('One task', { tasks: ['front-yard'] }), 202: one('Queued again', queuedJob) },
  reviewTask: {
    body: {
      approve: { summary: 'Approve', value: { run: 1, decision: 'approve' } },
      tweak: { summary: 'Tweak', value: { run: 1, decision: 'tweak', instruction: 'Fix red violations' } },
    },
    200: one('Approved', finishedJob),
    202: one('Queued again', queuedJob),
  },
  createLinks: {
    body: one('For an hour', { expiresIn: '1h' }),
    200: one('A finished job with an image', linkSet()),
  },
  uploadReference: {
    201: one('A photo', { artifact: `sha256:${'0d'.repeat(32)}`, mediaType: 'image/jpeg', bytes: 182_311 }),
  },
  explainJob: { 200: one('No worker serves its pool', explained) },
  listStuck: {
    200: one('A task without a worker', {
      items: [{ ...explained.tasks[0], tenant: 'default', overdue: false }],
      next: null,
      total: 1,
      pools: [explained.pool],
      searched: {
        tenant: 'default',
        openTasks: 3,
        jobs: 12,
        jobState: null,
        sequence: 812,
        at: '2026-11-28T12:06:00.000Z',
        ageMs: 300,
        complete: true,
        leader: 'controller-1',
      },
    }),
  },
  failStuck: {
    body: one('Exactly what was listed', { tasks: [{ job, task: 0, sequence: 4_711 }] }),
    200: one('It failed', { items: [{ job, task: 0, outcome: 'failed' }], next: null }),
  },
  listDeadWebhooks: { 200: one('One delivery', { items: [delivery('dead')], next: null }) },
  resendWebhook: { body: one('No options', {}), 202: one('It is sent again', delivery('pending')) },
  listWorkers: { 200: one('An idle worker', { items: [worker()], next: null }) },
  listPools: { 200: one('One pool', { items: [pool()], next: null }) },
  pausePool: {
    body: one('For half an hour', { for: '30m' }),
    200: one('Paused', { ...pool(), paused: true, firstQueueTimeoutAt: null }),
  },
  resumePool: { body: one('No options', {}), 200: one('Resumed', pool()) },
  getActivity: { 200: one('A quiet hour', activity()) },
  listSettings: {
    200: one('One setting', {
      items: [
        { name: 'GENWARDEN_HTTP_PORT', value: '8080', source: 'default', description: 'Port that the API listens on' },
      ],
      next: null,
    }),
  },
  doctor: {
    200: one('All is well', {
      ok: true,
      version: '0.1.0',
      checks: [
        {
          name: 'nats',
          ok: true,
          says: 'nats://127.0.0.1:4222, version 2.14.0, answers in 1.0 ms',
          advice: null,
          seenBy: 'api-web-1-1a2b3c4d',
        },
      ],
    }),
  },
};

function activity(): object {
  const finished = { succeeded: 1, failed: 0, cancelled: 0, p50Ms: 8_123, p95Ms: 8_123 };
  const at = '2026-11-28T12:00:08.000Z';
  return {
    at,
    since: '2026-11-28T11:01:00.000Z',
    behindMs: 0,
    overdue: 0,
    now: { queued: 1, running: 0, waiting: 0, needs_review: 0 },
    hour: { ...finished, successRate: 1 },
    minutes: [{ at: '2026-11-28T12:00:00.000Z', ...finished, queued: 1, running: 0, waiting: 0 }],
  };
}

function linkSet(): object {
  const signed = (path: string): string =>
    `http://127.0.0.1:8080${path}${path.includes('?') ? '&' : '?'}link=k1.1764338400.Qm9`;
  const { name, mediaType, href } = finishedJob.tasks[0]!.artifacts[0]!;
  return {
    job: signed(`/v1/jobs/${job}`),
    events: signed(`/v1/jobs/${job}/events`),
    artifacts: [{ task: 0, name: 'front-yard', artifact: name, mediaType, href: signed(href) }],
    expiresAt: '2026-11-28T13:00:00.000Z',
  };
}

function delivery(state: 'dead' | 'pending'): object {
  return {
    id: 'msg_01jd8m3q5v7k9x2c4b6n8p0r2t',
    tenant: 'default',
    job,
    event: 'job.finished',
    url: 'https://app.example/hook',
    state,
    at: finishedJob.finishedAt,
    attempts: 14,
    nextAttemptAt: state === 'dead' ? null : '2026-11-29T12:10:00.000Z',
    lastError: {
      reason: 'Answered',
      message: 'The receiver answered 500',
      status: 500,
      at: '2026-11-29T12:00:08.000Z',
    },
    expiresAt: finishedJob.expiresAt,
  };
}

function taskChange(): object {
  return {
    job,
    pool: 'default',
    ...change,
    startedAt: change.at,
    waitingFor: null,
    target: queuedJob.tasks[0]!.target,
  };
}

function worker(): object {
  return {
    name: 'worker-7f9c',
    pool: 'default',
    host: 'node-1',
    pid: 4_711,
    version: '0.1.0',
    startedAt: '2026-11-28T09:00:00.000Z',
    lastBeat: '2026-11-28T12:00:00.000Z',
    draining: false,
    state: 'live',
    slots: { total: 4, busy: 0, leaked: 0 },
    tasks: [],
    eventLoopLag: 1.2,
    memory: 90_000_000,
    attemptMemory: { used: 0, limit: 400_000_000 },
  };
}

function pool(): object {
  const limits = { references: 14, referenceBytes: 7_000_000, totalReferenceBytes: 74_000_000, lacks: [] };
  return {
    name: 'default',
    provider: 'gemini',
    models: { image: [queuedJob.model], text: ['gemini-2.5-flash'] },
    modelLimits: {
      [queuedJob.model]: { ...limits, aspectRatios: ['1:1', '3:2', '16:9'], imageSizes: ['1K', '2K'] },
      'gemini-2.5-flash': { ...limits, aspectRatios: null, imageSizes: null },
    },
    providerOptions: ['temperature', 'topP'],
    depth: explained.pool.lanes,
    unacknowledged: 0,
    queued: 1,
    running: 0,
    waiting: 0,
    needsReview: 0,
    oldestQueuedAt: queuedJob.submittedAt,
    paused: false,
    pausedUntil: null,
    pausedBy: null,
    managed: null,
    workers: 0,
    standIn: false,
    keys: [],
    outages: [],
    spending: [],
    tenants: [{ tenant: 'default', queued: 1, running: 0, limit: null, weight: 1 }],
    groupLimit: null,
  };
}
