// The jobs of the examples in the OpenAPI document: one that has just been submitted, and the same one when it has finished.

const id = '01jd8m3q5v7k9x2c4b6n8p0r2t';
const prompt = 'the front yard with native plants';
const model = 'gemini-3.1-flash-image';
const usage = { inputTokens: 12, outputTokens: 1_290, cost: 0.04, paidCalls: 1 };
const submittedAt = '2026-11-28T12:00:00.000Z';
const startedAt = '2026-11-28T12:00:00.210Z';
const finishedAt = '2026-11-28T12:00:08.040Z';
const expiresAt = '2026-12-05T12:00:00.000Z';
const noTasks = { queued: 0, running: 0, waiting: 0, needs_review: 0, succeeded: 0, failed: 0, cancelled: 0 };

const common = {
  id,
  tenant: 'default',
  kind: 'image',
  pool: 'default',
  model,
  priority: 'normal',
  group: null,
  submittedAt,
  deadlineAt: '2026-11-30T12:05:00.000Z',
  expiresAt,
  awaitsReview: false,
  failureReason: null,
  labels: { project: 'p42' },
  prompt,
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};

export const queuedListed = {
  ...common,
  state: 'queued',
  startedAt: null,
  finishedAt: null,
  progress: { total: 1, ...noTasks, queued: 1, fraction: 0 },
  waitingFor: { reason: 'SlotsBusy', until: null, detail: '4 of 4 slots of pool default are busy' },
  usage: null,
  thumbnails: [],
};

export const finishedListed = {
  ...common,
  state: 'succeeded',
  startedAt,
  finishedAt,
  progress: { total: 1, ...noTasks, succeeded: 1, fraction: 1 },
  waitingFor: null,
  usage,
  thumbnails: [{ task: 0, href: `/v1/jobs/${id}/tasks/0/artifacts/thumbnail?run=1` }],
};

const task = { index: 0, name: 'front-yard', run: 1, phase: null, metadata: { areaId: 'a1' }, queuedAt: submittedAt };

const queuedTask = {
  ...task,
  state: 'queued',
  attempt: 0,
  progress: 0,
  startedAt: null,
  completedAt: null,
  failedAt: null,
  dueAt: '2026-11-29T12:00:00.000Z',
  retryAt: null,
  reason: 'Submitted',
  message: 'Submitted',
  error: null,
  waitingFor: queuedListed.waitingFor,
  worker: null,
  target: { pool: 'default', model },
  used: null,
  output: null,
  usage: null,
  artifacts: [],
};

const image = {
  name: 'image',
  mediaType: 'image/png',
  bytes: 1_958_967,
  digest: `sha256:${'5f'.repeat(32)}`,
  width: 1_024,
  height: 1_024,
  href: `/v1/jobs/${id}/tasks/0/artifacts/image?run=1`,
};

const finishedTask = {
  ...queuedTask,
  state: 'succeeded',
  attempt: 1,
  progress: 1,
  startedAt,
  completedAt: finishedAt,
  dueAt: null,
  reason: 'Succeeded',
  message: 'Succeeded',
  waitingFor: null,
  worker: 'worker-7f9c',
  target: null,
  used: { pool: 'default', provider: 'gemini', model },
  usage: { ...usage, durationMs: 7_800 },
  artifacts: [image],
};

const webhook = { url: 'https://app.example/hook', events: ['job.finished'] };

export const queuedJob = { ...queuedListed, webhook, metadata: { brandId: 'b1' }, tasks: [queuedTask] };
export const finishedJob = { ...finishedListed, webhook, metadata: { brandId: 'b1' }, tasks: [finishedTask] };

export const submitted = {
  kind: 'image',
  input: { prompt, aspectRatio: '1:1' },
  tasks: [{ name: 'front-yard', metadata: { areaId: 'a1' } }],
  labels: { project: 'p42' },
  metadata: { brandId: 'b1' },
  webhook,
};

export const input = {
  job: id,
  task: 0,
  name: 'front-yard',
  run: 1,
  kind: 'image',
  model,
  prompt,
  system: null,
  schema: null,
  aspectRatio: '1:1',
  imageSize: null,
  seed: null,
  providerOptions: null,
  references: [
    {
      index: 0,
      artifact: `sha256:${'0d'.repeat(32)}`,
      mediaType: 'image/jpeg',
      bytes: 182_311,
      caption: 'the house',
      result: null,
      href: `/v1/jobs/${id}/tasks/0/references/0`,
    },
  ],
  after: [],
  unresolved: [],
  tweak: null,
  metadata: { areaId: 'a1' },
};

export const change = {
  sequence: 4_712,
  at: startedAt,
  task: 0,
  name: 'front-yard',
  run: 1,
  attempt: 1,
  attemptsLost: 0,
  state: 'running',
  reason: 'Claimed',
  worker: 'worker-7f9c',
  dueAt: '2026-11-28T12:05:00.210Z',
  retryAt: null,
};

export const explained = {
  traceId: common.traceId,
  id,
  state: 'queued',
  summary: 'No worker serves pool default',
  deadlineAt: common.deadlineAt,
  pool: {
    name: 'default',
    lanes: { again: 0, high: 0, normal: 1, low: 0, guest: 0 },
    workers: 0,
    draining: 0,
    slots: { total: 0, free: 0 },
    keys: [],
    paused: false,
    pausedUntil: null,
    lastClaimAt: null,
  },
  webhook: null,
  tasks: [
    {
      job: id,
      task: 0,
      name: 'front-yard',
      pool: 'default',
      state: 'queued',
      reason: 'Submitted',
      run: 1,
      attempt: 0,
      sequence: 4_711,
      since: submittedAt,
      sinceMs: 90_000,
      cause: 'NoWorkers',
      summary: 'No worker serves pool default',
      details: [],
      advice: ['Start one with `genwarden worker --pool default`, or raise the replicas of its Deployment.'],
      dueAt: queuedTask.dueAt,
      retryAt: null,
      next: [
        { at: queuedTask.dueAt, rule: 'QueueTimeout', says: 'Unless it changes first, it fails with QueueTimeout' },
      ],
      budgetsLeft: { queue: 86_310_000, run: 300_000, review: 86_400_000 },
      queue: { lane: 'normal', ahead: 0, aheadRequeued: 0, before: 0, startsInMs: null },
      worker: null,
      error: null,
    },
  ],
};
