// The typed client of the HTTP API, for Node 20 or later and for browsers.

import { GenwardenApiError } from './error.ts';
import { followEvents, type EventOptions } from './eventStream.ts';
import type { JobEvent } from './eventTypes.ts';
import type { Checklist, ExplainedJob, FixedTask, StuckFilter, StuckList } from './explainTypes.ts';
import { sender, type ClientOptions, type Send } from './request.ts';
import { taskOutput, type OutputOptions } from './output.ts';
import { withRetries } from './retry.ts';
import { jsonSchemaOf, type OutputSchema } from './schema.ts';
import { taskText, type TextOptions, type TextPiece } from './text.ts';
import type { PausedPool, Pool, Worker } from './poolTypes.ts';
import type {
  Download,
  Job,
  JobPage,
  Json,
  ListedJob,
  ListFilter,
  ReviewRequest,
  State,
  SubmittedJob,
  Transition,
} from './types.ts';
import type { SubmitRequest } from './submitTypes.ts';

export interface SubmitOptions {
  /** The same key and body create one job. Default: a random key, so that a submit can be repeated after a lost answer. */
  readonly idempotencyKey?: string;
  /** How long to retry while the API does not answer, ms; default 30 s. */
  readonly giveUpAfterMs?: number;
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Called with the job after each change. */
  readonly onChange?: (job: Job) => void;
  /** How long to retry while the API does not answer, ms; default: without limit. */
  readonly giveUpAfterMs?: number;
  /** Wait on while results wait for a reviewer, until the job has finished. */
  readonly throughReview?: boolean;
  /** Stop waiting as soon as this is true of the job. */
  readonly until?: (job: Job) => boolean;
}

/** A job that was submitted with a schema. */
export interface TypedJob<T> extends SubmittedJob {
  /** Waits for the output of a task, by default the first one. Like `output` of the client. */
  output(options?: Omit<OutputOptions<T>, 'schema'>): Promise<T>;
}

const openStates: readonly State[] = ['queued', 'running', 'waiting', 'needs_review'];
const pathOf = (job: string): string => `/v1/jobs/${encodeURIComponent(job)}`;

/** Every method throws `GenwardenApiError` when the API refuses a request, and `TypeError` when it cannot be reached. */
export class GenwardenClient {
  readonly #send: Send;

  constructor(options: ClientOptions) {
    this.#send = sender(options);
  }

  /**
   * Submits a job; retries with the same idempotency key while the API does not answer. With `schema`, the output of its text
   * tasks must match it (`input.schema`), and `output` of the answer waits for one.
   */
  submit<T>(request: SubmitRequest, options: SubmitOptions & { schema: OutputSchema<T> }): Promise<TypedJob<T>>;
  submit(request: SubmitRequest, options?: SubmitOptions): Promise<SubmittedJob>;
  async submit<T>(
    request: SubmitRequest,
    { schema, ...options }: SubmitOptions & { schema?: OutputSchema<T> } = {},
  ): Promise<SubmittedJob> {
    if (schema === undefined) return this.#submit(request, options);
    const input = { ...request.input, schema: request.input?.schema ?? jsonSchemaOf(schema) };
    const job = await this.#submit({ ...request, input }, options);
    const output = (waiting: Omit<OutputOptions<T>, 'schema'> = {}) => this.output<T>(job.id, { ...waiting, schema });
    return Object.assign(job, { output });
  }

  /**
   * Waits for the output of a text task: the text, or with a schema what the schema makes of it. Throws `GenwardenOutputError`
   * if the task ends without one, or if the output does not match.
   */
  output<T = Json>(job: string, options: OutputOptions<T> = {}): Promise<T> {
    return taskOutput(this, job, options);
  }

  /**
   * The text of a task as the model writes it. Together the pieces are the output, if they are put at their offsets: a piece with
   * offset 0 replaces what came before, because another attempt began. Throws like `output`.
   */
  text(job: string, task: string | number = 0, options: TextOptions = {}): AsyncGenerator<TextPiece, void, undefined> {
    return taskText(this, job, task, options);
  }

  async #submit(request: SubmitRequest, options: SubmitOptions): Promise<SubmittedJob> {
    const { idempotencyKey = crypto.randomUUID(), giveUpAfterMs = 30_000, signal } = options;
    const headers = { 'idempotency-key': idempotencyKey };
    const post = () => this.#json<SubmittedJob>('POST', '/v1/jobs', { body: request, headers, signal });
    return withRetries(post, signal, giveUpAfterMs);
  }

  get(job: string, options: { taskState?: State[]; tasks?: boolean; signal?: AbortSignal } = {}): Promise<Job> {
    const { taskState, tasks, signal } = options;
    return this.#json('GET', pathOf(job), {
      query: { taskState, tasks: tasks === false ? 'false' : undefined },
      signal,
    });
  }

  /** All matching jobs, newest first; pages are requested as needed. */
  async *list(filter: ListFilter = {}, signal?: AbortSignal): AsyncGenerator<ListedJob, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: JobPage = await this.listPage(filter, cursor, signal);
      yield* page.items;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** One page; `cursor` is `next` of the page before. */
  listPage(filter: ListFilter = {}, cursor?: string, signal?: AbortSignal): Promise<JobPage> {
    const { state, pool, kind, labels = {}, pageSize } = filter;
    const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    const query = { state, pool, kind, label, limit: pageSize?.toString(), cursor };
    return this.#json('GET', '/v1/jobs', { query, signal });
  }

  /**
   * Waits until the job has finished, or waits for nothing but a reviewer: then `review` decides about its tasks in
   * `needs_review`. Survives restarts of the API and lost connections.
   */
  async wait(job: string, options: WaitOptions = {}): Promise<Job> {
    const { signal, onChange, giveUpAfterMs, throughReview = false, until = () => false } = options;
    let tag: string | undefined;
    for (;;) {
      const request = {
        query: { wait: tag === undefined ? undefined : '30s' },
        headers: { 'if-none-match': tag },
        signal,
      };
      const answer = await withRetries(() => this.#heldWait(job, request), signal, giveUpAfterMs);
      if (answer === undefined) continue;
      tag = answer.tag;
      onChange?.(answer.job);
      if (!openStates.includes(answer.job.state) || until(answer.job)) return answer.job;
      if (!throughReview && answer.job.awaitsReview) return answer.job;
    }
  }

  /** Cancels open tasks immediately; with `finish`, running tasks may finish. */
  cancel(job: string, options: { running?: 'stop' | 'finish'; signal?: AbortSignal } = {}): Promise<Job> {
    const { running, signal } = options;
    return this.#json('POST', `${pathOf(job)}/cancel`, { body: running === undefined ? {} : { running }, signal });
  }

  /** Starts a new run of failed and cancelled tasks, or of the given ones, by name or index. */
  retry(job: string, options: { tasks?: (string | number)[]; signal?: AbortSignal } = {}): Promise<Job> {
    const { tasks, signal } = options;
    return this.#json('POST', `${pathOf(job)}/retry`, { body: tasks === undefined ? {} : { tasks }, signal });
  }

  review(job: string, task: string | number, review: ReviewRequest, signal?: AbortSignal): Promise<Job> {
    return this.#json('POST', `${taskPath(job, task)}/review`, { body: review, signal });
  }

  /** Deletes a finished job and its artifacts permanently. */
  async delete(job: string, signal?: AbortSignal): Promise<void> {
    await this.#send('DELETE', pathOf(job), { signal });
  }

  async history(job: string, signal?: AbortSignal): Promise<Transition[]> {
    return this.#items('GET', `${pathOf(job)}/history`, signal);
  }

  /** An artifact of the task's current run, or of another run. `redirect`: from the artifact store itself, if it is S3. */
  async downloadArtifact(
    job: string,
    task: string | number,
    name: string,
    options: { run?: number; redirect?: boolean; signal?: AbortSignal } = {},
  ): Promise<Download> {
    const path = `${taskPath(job, task)}/artifacts/${encodeURIComponent(name)}`;
    const query = { run: options.run?.toString(), redirect: options.redirect === true ? 'true' : undefined };
    const response = await this.#send('GET', path, { query, signal: options.signal });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return {
      bytes,
      mediaType: response.headers.get('content-type') ?? 'application/octet-stream',
      // The ETag of another server is no digest.
      digest: response.redirected ? await digestOf(bytes) : (response.headers.get('etag') ?? '').replaceAll('"', ''),
    };
  }

  /** Stores a reference image; pass its `artifact` in `references`. */
  uploadReference(
    image: Uint8Array | Blob,
    mediaType: 'image/png' | 'image/jpeg' | 'image/webp',
    signal?: AbortSignal,
  ): Promise<{ artifact: string; mediaType: string; bytes: number }> {
    return this.#json('POST', '/v1/artifacts', { body: image, headers: { 'content-type': mediaType }, signal });
  }

  workers(signal?: AbortSignal): Promise<Worker[]> {
    return this.#items('GET', '/v1/workers', signal);
  }

  pools(signal?: AbortSignal): Promise<Pool[]> {
    return this.#items('GET', '/v1/pools', signal);
  }

  /** Stops the pool from starting tasks, for a time such as `30m` or until resumed. Needs the scope `admin`. */
  pausePool(pool: string, options: { for?: string | undefined; signal?: AbortSignal } = {}): Promise<PausedPool> {
    const { for: length, signal } = options;
    return this.#json('POST', `${poolPath(pool)}/pause`, { body: length === undefined ? {} : { for: length }, signal });
  }

  resumePool(pool: string, signal?: AbortSignal): Promise<Pool> {
    return this.#json('POST', `${poolPath(pool)}/resume`, { body: {}, signal });
  }

  /** The API's checks of the installation. */
  doctor(signal?: AbortSignal): Promise<Checklist> {
    return this.#json('GET', '/v1/doctor', { signal });
  }

  /** Why the job is in its current state, what happens next, and what to do. */
  explain(job: string, signal?: AbortSignal): Promise<ExplainedJob> {
    return this.#json('GET', `${pathOf(job)}/explain`, { signal });
  }

  /** Overdue tasks, and open tasks that have made no progress for a long time. */
  stuck({ olderThan, jobId, pool }: StuckFilter = {}, signal?: AbortSignal): Promise<StuckList> {
    return this.#json('GET', '/v1/stuck', { query: { olderThan, jobId, pool }, signal });
  }

  /** Fails stuck tasks, each only if it has not changed since it was read. */
  async failStuck(
    tasks: readonly { job: string; task: number; sequence: number }[],
    signal?: AbortSignal,
  ): Promise<FixedTask[]> {
    const seen = tasks.map(({ job, task, sequence }) => ({ job, task, sequence }));
    return (await this.#json<{ items: FixedTask[] }>('POST', '/v1/stuck/fix', { body: { tasks: seen }, signal })).items;
  }

  /**
   * The events of a job until it has finished, or of all jobs of the tenant indefinitely: a snapshot, then each transition
   * once, in order, through restarts of the API and lost connections. If too many were missed, a `reset` comes before a
   * new snapshot.
   */
  events(job: string, options?: EventOptions): AsyncGenerator<JobEvent<Job>, void, undefined>;
  events(job?: undefined, options?: EventOptions): AsyncGenerator<JobEvent, void, undefined>;
  events(job?: string, options: EventOptions = {}): AsyncGenerator<JobEvent<never>, void, undefined> {
    return followEvents<never>(this.#send, job, options);
  }

  /** A token that expires during the wait ends it. Asks once more, because `fetch` may send a new token then. */
  async #heldWait(job: string, options: Parameters<Send>[2]): Promise<{ job: Job; tag: string } | undefined> {
    try {
      return await this.#jobIfChanged(job, options);
    } catch (error) {
      if (!(error instanceof GenwardenApiError) || error.status !== 401) throw error;
      return this.#jobIfChanged(job, options);
    }
  }

  async #jobIfChanged(job: string, options: Parameters<Send>[2]): Promise<{ job: Job; tag: string } | undefined> {
    const response = await this.#send('GET', pathOf(job), options);
    if (response.status === 304) return undefined;
    const tag = response.headers.get('etag');
    if (tag === null) throw missingEtag(response);
    return { job: (await response.json()) as Job, tag };
  }

  async #json<T>(...request: Parameters<Send>): Promise<T> {
    const response = await this.#send(...request);
    return (await response.json()) as T;
  }

  async #items<T>(method: 'GET', path: string, signal: AbortSignal | undefined): Promise<T[]> {
    return (await this.#json<{ items: T[] }>(method, path, { signal })).items;
  }
}

const poolPath = (pool: string): string => `/v1/pools/${encodeURIComponent(pool)}`;
const taskPath = (job: string, task: string | number): string => `${pathOf(job)}/tasks/${encodeURIComponent(task)}`;

function missingEtag({ url, status, statusText }: Response): GenwardenApiError {
  const detail = `${url} answered without an ETag`;
  const hint = 'Check that no proxy drops headers.';
  return new GenwardenApiError({ status, code: 'Unknown', title: statusText, detail, hint });
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
