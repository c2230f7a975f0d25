// The clients: they submit, and repeat it until they get an answer; they cancel, retry, review, delete and read at any API,
// and check every answer against the promises.

import { setTimeout as pause } from 'node:timers/promises';
import { cancelJob } from '../../src/jobs/cancel.ts';
import { deleteJob } from '../../src/jobs/delete.ts';
import { readJob } from '../../src/jobs/read.ts';
import { retryJob } from '../../src/jobs/retry.ts';
import { reviewTask } from '../../src/jobs/review.ts';
import type { SubmitBody } from '../../src/jobs/submit/body.ts';
import { submitJob } from '../../src/jobs/submit/index.ts';
import { waitForJob } from '../../src/jobs/wait.ts';
import { GenwardenError } from '../../src/job/errors/index.ts';
import { isOpen } from '../../src/job/task.ts';
import type { JobRecord } from '../../src/ports/jobLog.ts';
import type { ApiInstance, Installation, ClientContext } from './installation.ts';
import type { History } from './history.ts';
import { jobOfCrowd, someJob } from './jobs.ts';
import type { Plan } from './plan.ts';
import type { Process } from './time/process.ts';
import type { Random } from './time/random.ts';

export interface ClientJob {
  readonly key: string;
  readonly tenant: string;
  readonly body: SubmitBody;
  /** Its id, once a submit was acknowledged. */
  id: string | undefined;
  /** A client has asked to delete it. */
  deleted: boolean;
}

export interface ClientsOptions {
  readonly plan: Plan;
  readonly random: Random;
  readonly installation: Installation;
  readonly process: Process;
  readonly history: History;
  readonly violate: (invariant: string, message: string, about?: string) => void;
}

const by = 'a client';
/** ms that a client waits for an answer. */
const answerTimeout = 25_000;
/** The number of the first job of other tenants. */
const firstOfCrowd = 1_000;

export class Clients {
  readonly jobs: ClientJob[] = [];
  readonly #options: ClientsOptions;
  #over = false;
  #busy = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  /** Makes no new requests; those in progress end. */
  stop(): void {
    this.#over = true;
  }

  /** Requests in progress. */
  get busy(): number {
    return this.#busy;
  }

  begin(): void {
    const { plan, process, random } = this.#options;
    const span = plan.kind === 'natsAway' ? plan.faultsUntil / 3 : plan.faultsUntil * 0.8;
    for (let job = 0; job < plan.jobs; job += 1) {
      process.after(
        random.next() * span,
        () => void this.#submit(this.#newJob(job, 'default', someJob(job, random.fork(`job-${job}`), plan))),
      );
    }
    this.#beginCrowd(span);
    if (plan.changeEvery < Infinity) process.enter(() => void this.#changeJobs());
  }

  /** The jobs of other tenants come closer together, because they are to queue at the same time. */
  #beginCrowd(span: number): void {
    const { plan, process } = this.#options;
    const random = this.#options.random.fork('crowd');
    const { bursts = [], singles = [] } = plan.crowd ?? {};
    const jobs = [
      ...bursts.map((count) => ({ tenant: 'large', count })),
      ...singles.flatMap((count, at) => Array.from({ length: count }, () => ({ tenant: `small-${at + 1}`, count: 1 }))),
    ];
    const from = random.next() * span * 0.5;
    for (const [at, { tenant, count }] of jobs.entries()) {
      const body = jobOfCrowd(firstOfCrowd + at, count, random, plan);
      const start = from + random.next() * 15_000;
      process.after(start, () => void this.#submit(this.#newJob(firstOfCrowd + at, tenant, body)));
    }
  }

  #newJob(at: number, tenant: string, body: SubmitBody): ClientJob {
    const job: ClientJob = { key: `key-${at}`, tenant, body, id: undefined, deleted: false };
    this.jobs.push(job);
    return job;
  }

  /** Repeats the submit until there is an answer; some clients die before. */
  async #submit(job: ClientJob): Promise<void> {
    const { random, history } = this.#options;
    while (!this.#over) {
      const answer = await this.#ask((context) =>
        submitJob(context, { tenant: job.tenant, idempotencyKey: job.key, body: job.body }),
      );
      if (answer.outcome === 'answered') {
        this.#acknowledged(job, answer.value.record.job);
        if (random.chance(0.9)) return;
      } else if (answer.outcome === 'refused') {
        const { code } = answer.error;
        history.note('client', () => `${job.key} was refused: ${code}`);
        if (code === 'ConcurrencyConflict') return;
      }
      if (job.id === undefined && random.chance(0.03)) return;
      await pause(random.whole(100, 3_000));
    }
  }

  #acknowledged(job: ClientJob, id: string): void {
    const { violate, history } = this.#options;
    history.note('client', () => `${job.key} is acknowledged`, id);
    if (job.id !== undefined && job.id !== id) violate('OneKeyOneJob', `${job.key} made ${job.id} and ${id}`, id);
    job.id = id;
  }

  async #changeJobs(): Promise<void> {
    const { plan, random } = this.#options;
    while (!this.#over) {
      await pause(random.until(plan.changeEvery));
      const known = this.jobs.filter(({ id, deleted }) => id !== undefined && !deleted);
      if (known.length > 0 && !this.#over) void this.#change(random.pick(known));
    }
  }

  async #change(job: ClientJob): Promise<void> {
    const { random, history } = this.#options;
    const what = random.weighted({ cancel: 2, finish: 1, retry: 5, review: 4, delete: 0.3, read: 3, wait: 2 });
    const id = job.id!;
    const { tenant } = job;
    if (what === 'delete') job.deleted = true;
    const task = String(random.whole(0, job.body.tasks!.length - 1));
    const answer = await this.#ask(async (context) => {
      const before = what === 'review' ? await readJob(context, tenant, id) : undefined;
      const record = await changeOf(what, context, { tenant, job: id }, task, before, random);
      // The same client reads from the same API again: it must see what the answer reported.
      return { record, again: record === undefined ? undefined : await readJob(context, tenant, id) };
    });
    const result = answer.outcome === 'refused' ? answer.error.code : answer.outcome;
    history.note('client', () => `${what}: ${result}`, id);
    if (what === 'delete' && result === 'JobNotFinished') job.deleted = false;
    if (answer.outcome === 'answered') this.#check(what, answer.value, job);
    if (result === 'JobNotFound' && !job.deleted) this.#lost(id, `${what} does not find it`);
  }

  #check(
    what: string,
    { record, again }: { record: JobRecord | undefined; again: JobRecord | undefined },
    job: ClientJob,
  ) {
    const { violate } = this.#options;
    for (const [index, { last }] of record?.tasks.entries() ?? []) {
      const about = `${job.id}/${index}`;
      if (what === 'cancel' && isOpen(last.state)) violate('CancelledAtOnce', `it is ${last.state.state}`, about);
      const seen = again?.tasks[index]?.last.sequence ?? 0;
      if (seen < last.sequence)
        violate('ReadYourWrites', `read ${seen} after the answer named ${last.sequence}`, about);
    }
  }

  #lost(id: string, how: string): void {
    this.#options.violate('AcknowledgedJobKept', `an acknowledged job is not found: ${how}`, id);
  }

  async #ask<T>(run: (context: ClientContext) => Promise<T>): Promise<Answer<T>> {
    const { installation, process, random } = this.#options;
    const apis = installation.apis;
    if (apis.length === 0) return { outcome: 'noAnswer' };
    this.#busy += 1;
    try {
      return await askOne(random.pick(apis), process, random, run);
    } finally {
      this.#busy -= 1;
    }
  }
}

type Answer<T> =
  | { readonly outcome: 'answered'; readonly value: T }
  | { readonly outcome: 'refused'; readonly error: GenwardenError }
  /** The API died, or the client gave up waiting. */
  | { readonly outcome: 'noAnswer' };

async function askOne<T>(
  api: ApiInstance,
  client: Process,
  random: Random,
  run: (context: ClientContext) => Promise<T>,
): Promise<Answer<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer<T>>();
  const noAnswer = (): void => void client.after(1, () => resolve({ outcome: 'noAnswer' }));
  const unlisten = api.process.onEnd(noAnswer);
  const timer = setTimeout(noAnswer, answerTimeout);
  const serve = async (): Promise<void> => {
    try {
      const value = await run(api.context);
      client.after(random.next() * 3, () => resolve({ outcome: 'answered', value }));
    } catch (error) {
      if (error instanceof GenwardenError) client.after(1, () => resolve({ outcome: 'refused', error }));
      else reject(error);
    }
  };
  client.schedule.after(random.next() * 3, () => api.process.receive(() => void serve()));
  try {
    return await promise;
  } finally {
    unlisten();
    clearTimeout(timer);
  }
}

async function changeOf(
  what: 'cancel' | 'finish' | 'retry' | 'review' | 'delete' | 'read' | 'wait',
  context: ClientContext,
  { tenant, job }: { readonly tenant: string; readonly job: string },
  task: string,
  before: JobRecord | undefined,
  random: Random,
): Promise<JobRecord | undefined> {
  switch (what) {
    case 'cancel':
      return cancelJob(context, { tenant, job, by, running: 'stop' });
    case 'finish':
      return cancelJob(context, { tenant, job, by, running: 'finish' });
    case 'retry':
      return retryJob(context, { tenant, job, by });
    case 'review': {
      const { run } = before!.tasks[Number(task)]!.last.state;
      const decision = random.pick(['approve', 'reject', 'tweak'] as const);
      const review = { run, decision, ...(decision === 'tweak' ? { instruction: 'once more' } : {}) };
      return reviewTask(context, { tenant, job, task, by, review });
    }
    case 'delete':
      await deleteJob(context, tenant, job);
      return undefined;
    case 'wait': {
      const held = await readJob(context, tenant, job);
      await waitForJob(
        context,
        held,
        ({ settled }) => settled,
        random.whole(500, 15_000),
        new AbortController().signal,
      );
      return readJob(context, tenant, job);
    }
    case 'read':
      return readJob(context, tenant, job);
    default:
      return what satisfies never;
  }
}
