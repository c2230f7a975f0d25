// The codes the API answers requests with.

import { again, define, final } from './entry.ts';

/** What the API answers a request with, beside the task errors that it can hit itself. */
export const requestErrors = define({
  InvalidRequest: {
    ...final,
    status: 422,
    title: 'The request is not what the API takes',
    hint: 'See errors[]: each names a path and what is wrong there.',
  },
  MalformedJson: {
    ...final,
    status: 400,
    title: 'The body is not JSON',
    hint: 'Send a JSON object with Content-Type: application/json.',
  },
  UnsupportedMediaType: {
    ...final,
    status: 415,
    title: "The body's media type is not taken here",
    hint: 'Use application/json; for POST /v1/artifacts image/png, image/jpeg or image/webp.',
  },
  BodyTooLarge: {
    ...final,
    status: 413,
    title: 'The body is larger than the limit',
    hint: 'Upload references with POST /v1/artifacts and name their digests.',
  },
  InvalidImage: {
    ...final,
    status: 422,
    title: 'The reference is not an image that can be read',
    hint: 'Send a PNG, JPEG or WebP whose content is what its media type says.',
  },
  ImageTooLarge: {
    ...final,
    status: 413,
    title: 'The reference image is larger than the limit',
    hint: 'Make it smaller: at most 7 MB for a Gemini model, 20 MiB in any case.',
  },
  PoolNotFound: {
    ...final,
    status: 422,
    title: 'There is no such pool',
    hint: 'Use one of the pools that the message names, or start a worker for it.',
  },
  PoolNotAllowed: {
    ...final,
    status: 422,
    title: 'The pool is not open to this tenant',
    hint: 'Use one of the pools that the message names, or add the namespace to allowedNamespaces of the WorkerPool.',
  },
  ModelNotInPool: {
    ...final,
    status: 422,
    title: 'The pool does not offer this model',
    hint: 'Use one of the models that the message names.',
  },
  PolicyExceedsRetention: {
    ...final,
    status: 422,
    title: 'The budgets reach past the time for which jobs are kept',
    hint: 'Lower the timeouts in policy, or raise GENWARDEN_RETENTION.',
  },
  IdempotencyKeyReused: {
    ...final,
    status: 422,
    title: 'The idempotency key was used with another body',
    hint: 'Use a new key for a new request.',
  },
  ConcurrencyConflict: {
    ...final,
    status: 409,
    title: 'Another job holds the concurrency key',
    hint: 'Wait for the named job, cancel it, or use another key.',
  },
  JobNotFound: {
    ...final,
    status: 404,
    title: 'There is no such job',
    hint: "Check the id and the token's tenant; jobs are gone after their retention.",
  },
  TaskNotFound: {
    ...final,
    status: 404,
    title: 'The job has no such task',
    hint: "Use the task's index or name as the job shows it.",
  },
  ArtifactNotFound: {
    ...final,
    status: 404,
    title: 'There is no such artifact',
    hint: "Look at the task's artifacts; artifacts are gone after the job's retention.",
  },
  RouteNotFound: {
    ...final,
    status: 404,
    title: 'There is no such address',
    hint: 'See /openapi.json for the addresses.',
  },
  JobAlreadyFinished: {
    ...final,
    status: 409,
    title: 'The job has already finished',
    hint: 'Nothing to cancel: look at its state.',
  },
  JobNotFinished: { ...final, status: 409, title: 'The job has not finished', hint: 'Wait for it or cancel it first.' },
  NothingToRetry: {
    ...final,
    status: 409,
    title: 'No task of the job can be retried',
    hint: 'Only failed and cancelled tasks can be.',
  },
  JobExpiresTooSoon: {
    ...final,
    status: 409,
    title: 'The job is too near the end of its retention',
    hint: 'Submit it again as a new job.',
  },
  NotInReview: {
    ...final,
    status: 409,
    title: 'The task does not wait for a review of this run',
    hint: 'Read the task again: it may have been reviewed or retried.',
  },
  InvalidCursor: {
    ...final,
    status: 400,
    title: 'The cursor is not one of this list',
    hint: 'Start again without a cursor.',
  },
  RangeNotSatisfiable: {
    ...final,
    status: 416,
    title: 'The range lies outside the artifact',
    hint: 'Ask for bytes within its size.',
  },
  Unauthorized: {
    ...final,
    status: 401,
    title: 'No valid token',
    hint: 'Send Authorization: Bearer <token>; make one with `genwarden token create`.',
  },
  Forbidden: {
    ...final,
    status: 403,
    title: 'The token may not do this',
    hint: 'Use a token with the scope that the message names; in Kubernetes, have the right bound to the user.',
  },
  NamespaceRequired: {
    ...final,
    status: 400,
    title: 'The request needs one namespace',
    hint: 'Name it in Genwarden-Namespace (`-n` of `kubectl genwarden`); * is for reading.',
  },
  KubernetesUnavailable: {
    ...again,
    status: 503,
    title: 'The Kubernetes API server could not be asked about a token',
    hint: 'Try again; jobs go on meanwhile, and the tokens of the tokens file are taken.',
  },
  TooManyRequests: {
    ...again,
    status: 429,
    title: 'Too many requests with this token',
    hint: 'Wait as long as Retry-After says.',
  },
  StorageFull: {
    ...again,
    status: 507,
    title: "The stream's storage is nearly full",
    hint: "Raise the stream's limit or lower the retention; running jobs go on.",
  },
  Unavailable: {
    ...again,
    status: 503,
    title: 'NATS did not answer',
    hint: 'Send the same request again: a write may have been stored; an Idempotency-Key or the named job id makes that safe.',
  },
  NotReady: { ...again, status: 503, title: 'The process is still catching up', hint: 'Try again in a moment.' },
  InternalError: {
    ...again,
    status: 500,
    title: 'The server failed in a way it did not foresee',
    hint: 'Try again; report it with the time and the request id.',
  },
});
