// The codes of failed tasks and attempts.

import { again, define, final } from './entry.ts';

/** Why a task failed, or why an attempt did. */
export const taskErrors = define({
  DeadlineExceeded: {
    ...final,
    title: "The job's own deadline passed",
    hint: 'Submit the job again with a later policy.deadline, or none.',
  },
  QueueTimeout: {
    ...final,
    title: 'No worker or key was free within the queue timeout',
    hint: 'Add workers or keys to the pool, or raise policy.queueTimeout; then retry the job.',
  },
  ReviewTimeout: {
    ...final,
    title: 'Nobody reviewed the result within the review timeout',
    hint: 'Retry the job, or raise policy.reviewTimeout.',
  },
  RunTimeout: {
    ...final,
    title: 'All attempts together took longer than the run timeout',
    hint: "Look at the provider's latency; raise policy.runTimeout or policy.attemptTimeout; then retry the job.",
  },
  AttemptTimeout: {
    ...again,
    title: 'The provider did not answer within the attempt timeout',
    hint: "Look at the provider's status; raise policy.attemptTimeout if such calls take longer; then retry the job.",
  },
  WorkerLost: {
    ...again,
    title: 'The worker that ran the task stopped answering',
    hint: "Look at the worker's last log lines and its pod (OOM kill, eviction, crash); then retry the job.",
  },
  TaskOrphaned: {
    ...again,
    title: 'The worker lives but no longer knows the task',
    hint: "Report it with the worker's log: this points to a bug; then retry the job.",
  },
  PoisonPill: {
    ...final,
    title: 'The task kept losing its workers',
    hint: "This input probably kills workers (memory, size). Look at the workers' logs before retrying it.",
  },
  MessageLost: {
    ...again,
    title: "The queue lost the task's message",
    hint: 'The controller queues it again by itself; report it: this points to a bug.',
  },
  SpecLost: {
    ...final,
    title: 'The request of the task is no longer stored',
    hint: "Submit the job again; check the stream's limits and retention.",
  },
  WorkerDrained: {
    ...again,
    title: 'The worker was shut down and handed the task back',
    hint: 'Nothing to do: the task is queued again.',
  },
  FailedByOperator: {
    ...final,
    title: 'A person ended the task because it seemed stuck',
    hint: "See the job's history for where it stood; retry the job once the cause is gone.",
  },
  RejectedInReview: {
    ...final,
    title: 'A reviewer rejected the result',
    hint: 'Retry the job, or ask for a tweak instead.',
  },
  RateLimited: {
    ...again,
    title: 'The provider refused the call for its rate limit',
    hint: 'The key cools down and the task is queued again; add keys or lower the load if it lasts.',
  },
  QuotaExhausted: {
    ...again,
    title: "The provider's daily quota of the key is used up",
    hint: 'Raise the quota at the provider or add a key; the task waits for a key until its queue timeout.',
  },
  ProviderUnavailable: {
    ...again,
    title: 'The provider is overloaded or down',
    hint: "It is tried again with backoff; look at the provider's status page if it lasts.",
  },
  ProviderError: {
    ...again,
    title: 'The provider answered with an error of its own',
    hint: "It is tried again with backoff; look at error.provider and the provider's status page.",
  },
  ProviderUnreachable: {
    ...again,
    title: 'The connection to the provider failed',
    hint: 'Check the network, proxy and GENWARDEN_GEMINI_BASE_URL of the workers.',
  },
  ProviderResponseInvalid: {
    ...again,
    title: "The provider's answer could not be read",
    hint: "It is tried again; report it with the model's name if it lasts.",
  },
  OutputInvalid: {
    ...again,
    title: "The model's answer does not fit the schema that was asked for",
    hint: 'Simplify input.schema or make the prompt more exact.',
  },
  NoOutput: {
    ...again,
    title: 'The model answered without a result',
    hint: 'Make the prompt more explicit about what to draw or write.',
  },
  PromptRefused: {
    ...final,
    title: 'The provider refused the prompt',
    hint: "Change the prompt or the references: the provider's safety rules forbid them; error.provider.code says which.",
  },
  OutputRefused: {
    ...final,
    title: 'The provider withheld the result',
    hint: "Change the prompt or the references: the result broke the provider's rules; error.provider.code says which.",
  },
  RequestRefused: {
    ...final,
    title: 'The provider calls the request malformed',
    hint: "Check prompt, references, sizes and providerOptions against the model's documentation.",
  },
  KeyRefused: {
    ...again,
    title: 'The provider refused the API key',
    hint: 'Replace the key: it is taken out of use; the task waits for another one until its queue timeout.',
  },
  PermissionDenied: {
    ...final,
    title: 'The API key may not use this model',
    hint: "Enable the API and the model for the key's project, or use another model.",
  },
  ModelNotFound: {
    ...final,
    title: 'The provider does not know the model',
    hint: "The model may be retired: choose one of the pool's other models.",
  },
  ReferenceNotFound: {
    ...final,
    title: 'A reference image is not stored',
    hint: 'Upload it with POST /v1/artifacts and submit again.',
  },
  ArtifactStoreFailed: {
    ...again,
    title: 'The result could not be stored',
    hint: 'Check the artifact store: space, limits, credentials.',
  },
  WorkerError: {
    ...again,
    title: 'The worker failed in a way it did not foresee',
    hint: "Look at the worker's log at this time and report it.",
  },
});
