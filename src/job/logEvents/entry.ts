// One entry of the catalogue of log events, and the fields that log lines can have.

/** The fields of log lines, with their meaning. A number ending in `Ms` is milliseconds. */
export const logFields = {
  job: 'The id of the job.',
  task: 'The index of the task in its job.',
  run: 'The run: 1, and one more after each retry by a person.',
  attempt: 'The attempt in the run, from 1.',
  pool: 'The pool of the job, or the pool that the line is about.',
  worker: 'The name of the worker that runs the task.',
  traceId: 'The trace of the job, if it has one.',
  reason: 'A code of the error catalogue, or another cause in one word.',
  durationMs: 'How long it took: the attempt, or the state that ended.',
  err: 'The error: `type`, `code`, `message`, `stack` and `cause`.',
  repeated: 'How many equal lines this one stands for: see [repeated errors](#repeated-errors).',
  prompt: 'How the prompt begins: at most 200 characters. Only with `GENWARDEN_LOG_PROMPTS=shown`.',
  detail: 'The words of the provider or the model. Only with `GENWARDEN_LOG_PROMPTS=shown`.',
  code: 'A code of the error catalogue.',
  cause:
    'What began the outage: `observerDisconnected`, `writeFailed`, `clockJumped`, `processPaused` or `workersSilent`.',
  requestId: 'The `X-Request-Id` of the request.',
  method: 'The method of the request.',
  route: 'The route of the request, with names of parameters in place of their values.',
  path: 'The path of a file, or of a request without its query.',
  principal: 'Who made the request.',
  issuer: 'The OIDC issuer.',
  keys: 'Ids or the number of keys; never a key.',
  tenants: 'How many tenants have a secret.',
  digest: 'The SHA-256 digest of an artifact.',
  for: 'How long, as the request gave it.',
  url: 'An address of this process, or of one that it started.',
  version: 'The version of Genwarden.',
  controller: 'The controller.',
  operator: 'The operator process.',
  namespace: "The operator's namespace, or the namespace that the line is about.",
  installation: 'The name of this installation in the cluster.',
  other: 'The name of the other installation.',
  watchNamespaces: 'The namespaces whose resources the operator reconciles.',
  role: 'What the leader leads: `controller`, `operator` or `webhooks`.',
  name: 'The name of the process, or of the part that is closed.',
  storage: 'The storage: see `genwarden_storage_full`.',
  refuses: 'What the full storage refuses.',
  invariant: 'The invariant that was violated.',
  epoch: 'The id of the new stream.',
  why: 'Why the message was skipped, or the certificate was renewed.',
  dropped: 'How many lines were dropped.',
  logLevel: 'The new log level.',
  server: 'The server.',
  error: 'The error in one sentence.',
  operation: 'The operation that NATS refused: `publish` or `subscription`.',
  subject: 'The NATS subject.',
  hint: 'What to do.',
  stream: 'The name of the stream.',
  setting: 'The setting of a stream.',
  wanted: 'What the configuration wants: bytes, nanoseconds or replicas.',
  keeps: 'What stays, in the same unit.',
  waiting: 'What the process waits for.',
  leaked: 'How many calls ignore their abort.',
  resource: 'The resource, as NAMESPACE/NAME.',
  failures: 'How many times in a row it failed.',
  source: 'What is read from the Kubernetes API: a resource and a namespace.',
  count: 'How many.',
  type: 'The resource, in the plural.',
  replicas: 'How many workers the Deployment has.',
  delivery: 'The id of the webhook delivery.',
  tenant: 'The tenant.',
  webhookEvent: 'The event that the webhook reports.',
  attempts: 'How many times the delivery was tried.',
  host: "The host of the receiver of webhooks or traces; the rest of its address may be the receiver's secret.",
  sequence: 'The sequence of a message of the stream.',
  folder: 'The data folder of `genwarden dev`.',
  provider: 'The provider of the pool.',
  standIn: 'Whether a stand-in answers instead of the provider.',
  join: 'The command with which another worker joins the pool.',
  state: 'The state of the job.',
  openJobs: 'How many jobs have not ended.',
  periodic: 'The periodic work.',
} as const;

export type LogField = keyof typeof logFields;

export interface LogEventEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: readonly LogField[];
  /** When the line is written, as sentences. */
  readonly when: string;
}

export const define = <const Entries extends Record<string, LogEventEntry>>(entries: Entries): Entries => entries;

/** Of a task. */
export const ofTask = ['job', 'task', 'run', 'attempt', 'pool', 'traceId', 'reason'] as const;
