// The typed client of the HTTP API, for Node 20 or later, other runtimes with `fetch`, and browsers.

import { AdministrationClient } from './administration.ts';
import {
  openDownload,
  type ArtifactName,
  type Download,
  type DownloadedArtifact,
  type DownloadOptions,
} from './download.ts';
import { mayHaveApplied } from './http/error.ts';
import { followEvents, type EventOptions } from './http/eventStream.ts';
import type { CallOptions } from './http/request.ts';
import { taskOutput, type OutputOptions } from './output.ts';
import { jsonSchemaOf, type OutputSchema } from './schema.ts';
import { taskText, type TextPiece } from './text.ts';
import type { JobEvent } from './types/event.ts';
import type { ExplainedJob } from './types/explain.ts';
import type {
  Job,
  JobPage,
  Json,
  ListedJob,
  ListFilter,
  ReviewRequest,
  State,
  SubmittedJob,
  Transition,
  UploadedReference,
} from './types/job.ts';
import type { ModelInput } from './types/input.ts';
import type { JobLinks } from './types/links.ts';
import type { SubmitRequest } from './types/submit.ts';
import { waitForJob, type WaitOptions } from './wait.ts';
import { watchTasks, type TaskResult, type WatchOptions } from './watch.ts';

export interface SubmitOptions extends CallOptions {
  /** The same key and body create one job. Default: a random key, so that a submit can be repeated after a lost answer. */
  readonly idempotencyKey?: string;
}

/** A job that was submitted with a schema. */
export interface TypedJob<T> extends SubmittedJob {
  /** Waits for the output of a task, by default the first one. Like `output` of the client. */
  output(options?: Omit<OutputOptions<T>, 'schema'>): Promise<T>;
}

const pathOf = (job: string): string => `/v1/jobs/${encodeURIComponent(job)}`;
const taskPath = (job: string, task: string | number): string => `${pathOf(job)}/tasks/${encodeURIComponent(task)}`;

/**
 * Every method throws `GenwardenApiError` when the API refuses a request, `GenwardenConnectionError` when no answer arrives, and the
 * reason of its signal. It retries what may be repeated safely.
 */
export class GenwardenClient extends AdministrationClient {
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

  async #submit(
    body: SubmitRequest,
    { idempotencyKey = randomKey(), ...options }: SubmitOptions,
  ): Promise<SubmittedJob> {
    const headers = { 'idempotency-key': idempotencyKey };
    try {
      return await this.requests.json({ method: 'POST', path: '/v1/jobs', body, headers }, options, {
        repeatable: true,
      });
    } catch (error) {
      if (mayHaveApplied(error)) error.idempotencyKey = idempotencyKey;
      throw error;
    }
  }

  get(
    job: string,
    { taskState, tasks, ...options }: CallOptions & { taskState?: (State | 'open')[]; tasks?: boolean } = {},
  ): Promise<Job> {
    const query = { taskState, tasks: tasks === false ? 'false' : undefined };
    return this.requests.json({ method: 'GET', path: pathOf(job), query }, options);
  }

  /** All matching jobs, newest first; pages are requested as needed. */
  async *list(filter: ListFilter = {}, options: CallOptions = {}): AsyncGenerator<ListedJob, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: JobPage = await this.listPage(filter, { ...options, cursor });
      yield* page.items;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** One page; `cursor` is `next` of the page before. */
  listPage(
    filter: ListFilter = {},
    { cursor, ...options }: CallOptions & { cursor?: string | undefined } = {},
  ): Promise<JobPage> {
    const { state, pool, kind, labels = {}, search, pageSize } = filter;
    const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    const query = { state, pool, kind, label, search, limit: pageSize?.toString(), cursor };
    return this.requests.json({ method: 'GET', path: '/v1/jobs', query }, options);
  }

  /**
   * Waits until the job has finished, or waits for nothing but a reviewer: then `review` decides about its tasks in
   * `needs_review`. Survives restarts of the API and lost connections.
   */
  wait(job: string, options: WaitOptions = {}): Promise<Job> {
    return waitForJob(this.requests, pathOf(job), options);
  }

  /**
   * The tasks as they finish, each once with its artifacts, in the order in which they finished; first those that had finished
   * before. Survives restarts of the API and lost connections. Ends when the job has finished or waits for nothing but a reviewer:
   * the last value, which `for await` drops, is the job.
   */
  watch(job: string, options: WatchOptions = {}): AsyncGenerator<TaskResult, Job, undefined> {
    return watchTasks(this, job, { ...options, giveUpAfterMs: this.requests.giveUpAfter(options, true) });
  }

  /**
   * The events of a job until it has finished, or of all jobs of the tenant indefinitely: a snapshot, then each transition
   * once, in order, through restarts of the API and lost connections. If too many were missed, a `reset` comes before a
   * new snapshot.
   */
  events(job: string, options?: EventOptions): AsyncGenerator<JobEvent<Job>, void, undefined>;
  events(job?: undefined, options?: EventOptions): AsyncGenerator<JobEvent, void, undefined>;
  events(job?: string, options: EventOptions = {}): AsyncGenerator<JobEvent<never>, void, undefined> {
    return followEvents<never>(this.requests, job, options);
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
  text(job: string, task: string | number = 0, options: CallOptions = {}): AsyncGenerator<TextPiece, void, undefined> {
    return taskText(this, job, task, options);
  }

  /** Cancels open tasks immediately; with `finish`, running tasks may finish. */
  async cancel(job: string, { running, ...options }: CallOptions & { running?: 'stop' | 'finish' } = {}): Promise<Job> {
    const body = running === undefined ? {} : { running };
    const done = () => this.get(job, options);
    return this.requests.again(
      { method: 'POST', path: `${pathOf(job)}/cancel`, body },
      options,
      'JobAlreadyFinished',
      done,
    );
  }

  /** Starts a new run of failed and cancelled tasks, or of the given ones, by name or index. Not retried: see `mayHaveApplied`. */
  retry(job: string, { tasks, ...options }: CallOptions & { tasks?: (string | number)[] } = {}): Promise<Job> {
    const body = tasks === undefined ? {} : { tasks };
    return this.requests.json({ method: 'POST', path: `${pathOf(job)}/retry`, body }, options);
  }

  /** Decides about a result in `needs_review`. Not retried: see `mayHaveApplied`. */
  review(job: string, task: string | number, review: ReviewRequest, options: CallOptions = {}): Promise<Job> {
    return this.requests.json({ method: 'POST', path: `${taskPath(job, task)}/review`, body: review }, options);
  }

  /** Deletes a finished job and its artifacts permanently. */
  async delete(job: string, options: CallOptions = {}): Promise<void> {
    await this.requests.again({ method: 'DELETE', path: pathOf(job) }, options, 'JobNotFound', async () => undefined);
  }

  history(job: string, options: CallOptions = {}): Promise<Transition[]> {
    return this.items(`${pathOf(job)}/history`, options);
  }

  /** What a task was asked for, as its model gets it: in a chain with the results of other tasks, as far as they are known. */
  input(job: string, task: string | number = 0, options: CallOptions = {}): Promise<ModelInput> {
    return this.requests.json({ method: 'GET', path: `${taskPath(job, task)}/input` }, options);
  }

  /** Why the job is in its current state, what happens next, and what to do. */
  explain(job: string, options: CallOptions = {}): Promise<ExplainedJob> {
    return this.requests.json({ method: 'GET', path: `${pathOf(job)}/explain` }, options);
  }

  /**
   * An artifact of the task's current run, or of another run, as a stream. Reading it throws `GenwardenDownloadError` if the bytes are
   * not those of the artifact, or end early; a connection that breaks is resumed first.
   */
  download(
    job: string,
    task: string | number,
    artifact: ArtifactName,
    options: DownloadOptions = {},
  ): Promise<Download> {
    const name = typeof artifact === 'string' ? artifact : artifact.name;
    const query = { run: options.run?.toString(), redirect: options.redirect === true ? 'true' : undefined };
    const path = `${taskPath(job, task)}/artifacts/${encodeURIComponent(name)}`;
    return openDownload(this.requests, { method: 'GET', path, query }, artifact, options);
  }

  /** A reference image of a task, by its place in `references` of the input, from 0. Like `download`. */
  reference(
    job: string,
    task: string | number,
    place: number,
    options: Omit<DownloadOptions, 'run'> = {},
  ): Promise<Download> {
    const query = { redirect: options.redirect === true ? 'true' : undefined };
    const path = `${taskPath(job, task)}/references/${place}`;
    return openDownload(this.requests, { method: 'GET', path, query }, `reference ${place}`, options);
  }

  /**
   * Signed URLs that read the job without a token, for a web page: the job, its events for an `EventSource`, and its artifacts. They
   * work for `expiresIn`, such as `90s` or `7d`, and at most until the job expires; default 1h.
   */
  links(
    job: string,
    { expiresIn, ...options }: CallOptions & { expiresIn?: string | undefined } = {},
  ): Promise<JobLinks> {
    const body = expiresIn === undefined ? {} : { expiresIn };
    return this.requests.json({ method: 'POST', path: `${pathOf(job)}/links`, body }, options, { repeatable: true });
  }

  /** All bytes of an artifact, checked like those of `download`. */
  async downloadArtifact(
    job: string,
    task: string | number,
    artifact: ArtifactName,
    options: DownloadOptions = {},
  ): Promise<DownloadedArtifact> {
    const download = await this.download(job, task, artifact, options);
    const bytes = await download.bytes();
    return { bytes, mediaType: download.mediaType, digest: download.digest! };
  }

  /** Stores a reference image; pass its `artifact` in `references`. */
  uploadReference(
    image: Uint8Array | Blob,
    mediaType: 'image/png' | 'image/jpeg' | 'image/webp',
    options: CallOptions = {},
  ): Promise<UploadedReference> {
    const headers = { 'content-type': mediaType };
    const request = { method: 'POST', path: '/v1/artifacts', body: image, headers } as const;
    return this.requests.json(request, options, { repeatable: true });
  }
}

/** Not `crypto.randomUUID`, which browsers have only on pages that come by https. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
