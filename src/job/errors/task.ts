// The error codes of failed tasks and attempts.

import { again, define, final } from './entry.ts';

export const taskErrors = define({
  DeadlineExceeded: {
    ...final,
    title: "The job's deadline passed before the task finished",
    hint: 'Submit the job again with a later policy.deadline, or without one.',
  },
  QueueTimeout: {
    ...final,
    title: 'No worker or API key became free within the queue timeout',
    hint: 'Add workers or API keys to the pool, or raise policy.queueTimeout. Then retry the job.',
  },
  ReviewTimeout: {
    ...final,
    title: 'No one reviewed the result within the review timeout',
    hint: 'Retry the job. Raise policy.reviewTimeout if reviewers need longer.',
  },
  RunTimeout: {
    ...final,
    title: 'The attempts together took longer than the run timeout',
    hint: "Check the provider's latency and raise policy.runTimeout or policy.attemptTimeout. Then retry the job.",
  },
  AttemptTimeout: {
    ...again,
    title: 'The provider did not answer within the attempt timeout',
    hint: "Check the provider's status. Raise policy.attemptTimeout if such calls normally take longer. Then retry the job.",
  },
  DependencyFailed: {
    ...final,
    title: 'A task that this one waits for did not succeed',
    hint: 'The message names that task and why it ended. Remove the cause, then retry the job: both tasks run again.',
  },
  DependencyTimeout: {
    ...final,
    title: 'The tasks that this one waits for had not ended by the time by which they must',
    hint: 'Run `genwarden explain` with the job to see what held them up, then retry the job.',
  },
  DependencyOutputMissing: {
    ...final,
    title: 'The output of another task lacks what this one uses of it',
    hint: 'Give the other task an input.schema that requires the field, or correct the path, and submit a new job.',
  },
  DependencyOutputTooLarge: {
    ...final,
    title: "What the task uses of other tasks' results is larger than an input may be",
    hint: 'Use smaller parts of the outputs, fewer references or smaller pictures, and submit a new job.',
  },
  WorkerLost: {
    ...again,
    title: 'The worker that ran the task stopped sending heartbeats',
    hint: "Check the worker's last log lines and its pod for an OOM kill, an eviction or a crash. Then retry the job.",
  },
  TaskOrphaned: {
    ...again,
    title: 'The worker is alive, but its heartbeats no longer list the task',
    hint: "Report this with the worker's log, because it points to a bug. Then retry the job.",
  },
  PoisonPill: {
    ...final,
    title: 'The task lost its worker too many times',
    hint: "Check the workers' logs before you retry: this input probably crashes them, for example by using too much memory.",
  },
  MessageLost: {
    ...again,
    title: "The queue lost the task's message",
    hint: 'No action needed: the controller requeues the task. Report it, because it points to a bug.',
  },
  SpecLost: {
    ...final,
    title: "The stream no longer holds the task's request",
    hint: "Check the stream's limits and retention, then submit the job again.",
  },
  WorkerDrained: {
    ...again,
    title: 'The worker shut down and returned the task to the queue',
    hint: 'No action needed: another worker will run the task.',
  },
  FailedByOperator: {
    ...final,
    title: 'A person failed the task because it appeared stuck',
    hint: "Read the job's history to see where the task stopped. Retry the job once the cause is fixed.",
  },
  RejectedInReview: {
    ...final,
    title: 'A reviewer rejected the result',
    hint: 'Retry the job. To change a result instead of rejecting it, review it with a tweak.',
  },
  RateLimited: {
    ...again,
    title: 'The provider rejected the call because the API key reached its rate limit',
    hint: 'No action needed: the key cools down and the task is requeued. Add keys or reduce the load if this persists.',
  },
  QuotaExhausted: {
    ...again,
    title: 'The API key has used up its daily quota at the provider',
    hint: 'Raise the quota at the provider or add a key. The task waits for a usable key until its queue timeout.',
  },
  QuotaUnavailable: {
    ...final,
    title: "The API key's project has no quota for this model",
    hint: "Enable billing for the key's project, top up its credit, or use a key of another project. Then run `genwarden retry`.",
  },
  BudgetExceeded: {
    ...final,
    title: 'The budget of the pool or tenant is spent',
    hint: 'Raise the budget, or run `genwarden retry` once the time that the message gives has passed.',
  },
  ProviderUnavailable: {
    ...again,
    title: 'The provider is overloaded or down',
    hint: "No action needed: the task is retried with backoff. Check the provider's status page if this persists.",
  },
  ProviderError: {
    ...again,
    title: 'The provider reported an internal error',
    hint: "No action needed: the task is retried with backoff. Check error.provider and the provider's status page if this persists.",
  },
  ProviderUnreachable: {
    ...again,
    title: 'The worker could not connect to the provider, or the connection broke',
    hint: "Check the workers' network, their proxy (HTTPS_PROXY, NO_PROXY), own CAs (NODE_EXTRA_CA_CERTS), and the base URL of the provider (GENWARDEN_GEMINI_BASE_URL, GENWARDEN_OPENAI_BASE_URL, or baseUrl of the pool).",
  },
  ProviderRedirected: {
    ...final,
    title: 'The provider redirected the request to another address',
    hint: 'Check the base URL of the provider (GENWARDEN_GEMINI_BASE_URL, GENWARDEN_OPENAI_BASE_URL, or baseUrl of the pool): it must name the server that answers. Workers do not follow redirects, because the API key would go with them.',
  },
  ProviderResponseInvalid: {
    ...again,
    title: "The provider's response could not be parsed",
    hint: "No action needed: the task is retried. Report it with the model's name if this persists.",
  },
  OutputInvalid: {
    ...again,
    title: "The model's answer does not match input.schema",
    hint: 'Simplify input.schema, or make the prompt more precise.',
  },
  SchemaUncheckable: {
    ...final,
    title: 'The answer cannot be checked against input.schema',
    hint: 'Simplify input.schema where the message says, and submit a new job: use fewer alternatives that refer back to the schema.',
  },
  OutputTruncated: {
    ...again,
    title: 'The answer was cut off at the output limit',
    hint: 'Request a shorter answer or a simpler schema, or set a higher providerOptions.maxOutputTokens.',
  },
  NoOutput: {
    ...again,
    title: 'The model returned no result',
    hint: 'State in the prompt more explicitly what to draw or write.',
  },
  PromptRefused: {
    ...final,
    title: 'The provider refused the prompt',
    hint: "Change the prompt or the references: they violate the provider's safety rules. error.provider.code names the rule.",
  },
  OutputRefused: {
    ...final,
    title: 'The provider withheld the result',
    hint: "Change the prompt or the references: the result violated the provider's rules. error.provider.code names the rule.",
  },
  RequestRefused: {
    ...final,
    title: 'The provider rejected the request as malformed',
    hint: "Check the prompt, references, sizes and providerOptions against the model's documentation.",
  },
  KeyRefused: {
    ...again,
    title: 'The provider rejected the API key',
    hint: "Correct or replace the key: error.provider.code names the provider's reason. All workers set the key aside. The task is requeued without losing an attempt, and waits only if no other key is usable.",
  },
  PermissionDenied: {
    ...final,
    title: 'The API key is not allowed to use this model',
    hint: "Give the key's project access to the model, or choose another model.",
  },
  ModelNotFound: {
    ...final,
    title: 'The provider does not know the model',
    hint: "Choose another of the pool's models: this one may have been retired.",
  },
  ReferenceNotFound: {
    ...final,
    title: 'A reference image is not in the artifact store',
    hint: 'Upload the image with POST /v1/artifacts, then submit the job again.',
  },
  ArtifactStoreFailed: {
    ...again,
    title: 'The worker could not read the references or store the result',
    hint: "Check the artifact store's free space, limits and credentials, and the network between it and the worker.",
  },
  WorkerError: {
    ...again,
    title: 'The worker failed unexpectedly',
    hint: "Check the worker's log at this time, and report it.",
  },
});
