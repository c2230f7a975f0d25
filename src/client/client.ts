// The typed client of the HTTP API, for Node from 20 on and for browsers.

import { patiently } from './patience.ts';
import { sender, type Ask, type ClientOptions, type Send } from './request.ts';
import type {
  Job,
  JobList,
  List,
  SubmitRequest,
  ListedJob,
  ListQuery,
  Pool,
  ReviewRequest,
  State,
  SubmittedJob,
  Transition,
  Worker,
} from './types.ts';

export interface SubmitOptions {
  /** The same key and body make one job; a random one where absent, so that a lost answer can be asked for again. */
  readonly idempotencyKey?: string;
  /** How long a submit is tried again while the API does not answer, ms; default 30 s. */
  readonly giveUpAfterMs?: number;
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Called with the job each time that it changed. */
  readonly onChange?: (job: Job) => void;
  /** How long to bear an API that does not answer, ms; default: for ever. */
  readonly giveUpAfterMs?: number;
}

const openStates: readonly State[] = ['queued', 'running', 'waiting', 'needs_review'];
const pathOf = (job: string): string => `/v1/jobs/${encodeURIComponent(job)}`;

/** Every method throws `GenwardenApiError` when the API says no, and a `TypeError` when it cannot be reached. */
export class GenwardenClient {
  readonly #send: Send;
  /** The version of each job that was answered, for `waitForChange`. */
  readonly #tags = new WeakMap<Job, string>();

  constructor(options: ClientOptions) {
    this.#send = sender(options);
  }

  /** Submits a job, safely again while the API does not answer. */
  async submit(request: SubmitRequest, options: SubmitOptions = {}): Promise<SubmittedJob> {
    const { idempotencyKey = crypto.randomUUID(), giveUpAfterMs = 30_000, signal } = options;
    const headers = { 'idempotency-key': idempotencyKey };
    const post = () => this.#json<SubmittedJob>('POST', '/v1/jobs', { body: request, headers, signal });
    return patiently(post, signal, giveUpAfterMs);
  }

  get(job: string, options: { taskState?: State[]; tasks?: boolean; signal?: AbortSignal } = {}): Promise<Job> {
    const { taskState, tasks, signal } = options;
    return this.#read(job, { query: { taskState, tasks: tasks === false ? 'false' : undefined }, signal });
  }

  /** One page of the jobs that fit, newest first. */
  list(query: ListQuery = {}, signal?: AbortSignal): Promise<JobList> {
    return this.#json('GET', '/v1/jobs', { query: { ...query, limit: query.limit?.toString() }, signal });
  }

  /** Every job that fits, newest first, page by page as they are asked for. */
  async *jobs(query: ListQuery = {}, signal?: AbortSignal): AsyncGenerator<ListedJob, void, undefined> {
    let next = query.cursor ?? null;
    do {
      const page: JobList = await this.list({ ...query, ...(next === null ? {} : { cursor: next }) }, signal);
      yield* page.items;
      next = page.next;
    } while (next !== null);
  }

  /** Waits until the job has finished, through restarts of the API and lost connections. */
  async wait(job: string, { signal, onChange, giveUpAfterMs }: WaitOptions = {}): Promise<Job> {
    let known = await patiently(() => this.get(job, signal === undefined ? {} : { signal }), signal, giveUpAfterMs);
    onChange?.(known);
    while (openStates.includes(known.state)) {
      const seen = known;
      const changed = await patiently(() => this.waitForChange(seen, signal), signal, giveUpAfterMs);
      if (changed !== undefined) onChange?.((known = changed));
    }
    return known;
  }

  /** One long poll: the job as it is once it differs from `known`, or undefined where it did not within half a minute. */
  async waitForChange(known: Job, signal?: AbortSignal): Promise<Job | undefined> {
    const tag = this.#tags.get(known);
    if (tag === undefined) return this.#read(known.id, { signal });
    return this.#readIfChanged(known.id, { query: { wait: '30s' }, headers: { 'if-none-match': tag }, signal });
  }

  /** Terminal at once; with `finish` running tasks may end. */
  cancel(job: string, options: { running?: 'stop' | 'finish'; signal?: AbortSignal } = {}): Promise<Job> {
    const { running, signal } = options;
    return this.#json('POST', `${pathOf(job)}/cancel`, { body: running === undefined ? {} : { running }, signal });
  }

  /** A new run of failed and cancelled tasks, or of those named by name or index. */
  retry(job: string, options: { tasks?: (string | number)[]; signal?: AbortSignal } = {}): Promise<Job> {
    const { tasks, signal } = options;
    return this.#json('POST', `${pathOf(job)}/retry`, { body: tasks === undefined ? {} : { tasks }, signal });
  }

  review(job: string, task: string | number, review: ReviewRequest, signal?: AbortSignal): Promise<Job> {
    return this.#json('POST', `${taskPath(job, task)}/review`, { body: review, signal });
  }

  /** Deletes a finished job with its artifacts, for good. */
  async delete(job: string, signal?: AbortSignal): Promise<void> {
    await this.#send('DELETE', pathOf(job), { signal });
  }

  history(job: string, signal?: AbortSignal): Promise<List<Transition>> {
    return this.#json('GET', `${pathOf(job)}/history`, { signal });
  }

  /** The bytes of an artifact of the task’s present run, or of another one. */
  async downloadArtifact(
    job: string,
    task: string | number,
    name: string,
    options: { run?: number; signal?: AbortSignal } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const path = `${taskPath(job, task)}/artifacts/${encodeURIComponent(name)}`;
    const response = await this.#send('GET', path, { query: { run: options.run?.toString() }, signal: options.signal });
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Stores a reference image; name its `artifact` in `references`. */
  uploadReference(
    image: Uint8Array | Blob,
    mediaType: string,
    signal?: AbortSignal,
  ): Promise<{ artifact: string; mediaType: string; bytes: number }> {
    return this.#json('POST', '/v1/artifacts', { body: image, headers: { 'content-type': mediaType }, signal });
  }

  workers(signal?: AbortSignal): Promise<List<Worker>> {
    return this.#json('GET', '/v1/workers', { signal });
  }

  pools(signal?: AbortSignal): Promise<List<Pool>> {
    return this.#json('GET', '/v1/pools', { signal });
  }

  async #read(job: string, ask: Ask): Promise<Job> {
    const response = await this.#send('GET', pathOf(job), ask);
    return this.#tagged(response);
  }

  async #readIfChanged(job: string, ask: Ask): Promise<Job | undefined> {
    const response = await this.#send('GET', pathOf(job), ask);
    return response.status === 304 ? undefined : this.#tagged(response);
  }

  async #tagged(response: Response): Promise<Job> {
    const job = (await response.json()) as Job;
    const tag = response.headers.get('etag');
    if (tag !== null) this.#tags.set(job, tag);
    return job;
  }

  async #json<T>(...ask: Parameters<Send>): Promise<T> {
    const response = await this.#send(...ask);
    return (await response.json()) as T;
  }
}

const taskPath = (job: string, task: string | number): string => `${pathOf(job)}/tasks/${encodeURIComponent(task)}`;
