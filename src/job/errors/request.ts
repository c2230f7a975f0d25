// The error codes of the API's problem documents.

import { again, define, final } from './entry.ts';

/** The API also answers with a few task errors: see `statusOf`. */
export const requestErrors = define({
  InvalidRequest: {
    ...final,
    status: 422,
    title: 'The request is invalid',
    hint: 'Correct each entry of errors[]: it gives a path and the problem there.',
  },
  MalformedJson: {
    ...final,
    status: 400,
    title: 'The body is not valid JSON',
    hint: 'Send a JSON object with Content-Type: application/json.',
  },
  UnsupportedMediaType: {
    ...final,
    status: 415,
    title: "This endpoint does not accept the body's media type",
    hint: 'Use application/json. For POST /v1/artifacts use image/png, image/jpeg or image/webp.',
  },
  BodyTooLarge: {
    ...final,
    status: 413,
    title: 'The body exceeds the size limit',
    hint: 'Upload reference images with POST /v1/artifacts and refer to them by digest.',
  },
  InvalidImage: {
    ...final,
    status: 422,
    title: 'The reference is not a readable image',
    hint: 'Send a PNG, JPEG or WebP image whose content matches its media type.',
  },
  ImageTooLarge: {
    ...final,
    status: 413,
    title: 'The reference image exceeds the size limit',
    hint: 'Reduce the image to at most 7 MB for a Gemini model, and 20 MiB in any case.',
  },
  PoolNotFound: {
    ...final,
    status: 422,
    title: 'The pool does not exist',
    hint: 'Use a pool that the message lists, or start a worker for this one.',
  },
  PoolNotAllowed: {
    ...final,
    status: 422,
    title: 'The pool does not accept jobs from this tenant',
    hint: 'Use a pool that the message lists, or add the namespace to allowedNamespaces of the WorkerPool.',
  },
  ModelNotInPool: {
    ...final,
    status: 422,
    title: 'The pool does not offer this model',
    hint: 'Use a model that the message lists.',
  },
  PolicyExceedsRetention: {
    ...final,
    status: 422,
    title: "The job's time budgets exceed its retention",
    hint: 'Lower the timeouts in policy, or raise GENWARDEN_RETENTION.',
  },
  IdempotencyKeyReused: {
    ...final,
    status: 422,
    title: 'The idempotency key was already used with a different body',
    hint: 'Use a new key for each new request.',
  },
  ConcurrencyConflict: {
    ...final,
    status: 409,
    title: 'Another open job holds the concurrency key',
    hint: 'Wait for the job that the message names, cancel it, or use another key.',
  },
  JobNotFound: {
    ...final,
    status: 404,
    title: 'The job does not exist',
    hint: "Check the job id and the token's tenant. A job is deleted when its retention ends.",
  },
  TaskNotFound: {
    ...final,
    status: 404,
    title: 'The job has no such task',
    hint: 'Use the index or the name that the job shows for the task.',
  },
  ArtifactNotFound: {
    ...final,
    status: 404,
    title: 'The artifact does not exist',
    hint: "Check the task's list of artifacts. Artifacts are deleted when the job's retention ends.",
  },
  RouteNotFound: {
    ...final,
    status: 404,
    title: 'No endpoint has this path',
    hint: 'Look up the path in /openapi.json.',
  },
  JobAlreadyFinished: {
    ...final,
    status: 409,
    title: 'The job has already finished',
    hint: "Check the job's state: there is nothing left to cancel.",
  },
  JobNotFinished: {
    ...final,
    status: 409,
    title: 'The job has not finished',
    hint: 'Wait until the job finishes, or cancel it first.',
  },
  NothingToRetry: {
    ...final,
    status: 409,
    title: 'The job has no task to retry',
    hint: 'Retry only jobs with failed or cancelled tasks.',
  },
  JobExpiresTooSoon: {
    ...final,
    status: 409,
    title: "The job's retention ends too soon for another run",
    hint: 'Submit the request again as a new job.',
  },
  NotInReview: {
    ...final,
    status: 409,
    title: 'This run of the task is not awaiting review',
    hint: 'Read the task again: it may have been reviewed or retried since.',
  },
  InvalidCursor: {
    ...final,
    status: 400,
    title: 'The cursor does not belong to this list',
    hint: 'List again without a cursor.',
  },
  RangeNotSatisfiable: {
    ...final,
    status: 416,
    title: 'The requested range is outside the artifact',
    hint: "Request a range within the artifact's size.",
  },
  Unauthorized: {
    ...final,
    status: 401,
    title: 'The request has no valid token',
    hint: 'Send Authorization: Bearer <token>. Create a token with `genwarden token create`.',
  },
  Forbidden: {
    ...final,
    status: 403,
    title: 'The token does not permit this request',
    hint: 'Use a token with the scope that the message names. In Kubernetes, bind the user to a role that grants it.',
  },
  NamespaceRequired: {
    ...final,
    status: 400,
    title: 'The request must name a single namespace',
    hint: 'Set Genwarden-Namespace (with `kubectl genwarden`: -n). The value * is only for reading.',
  },
  KubernetesUnavailable: {
    ...again,
    status: 503,
    title: 'The Kubernetes API server could not verify the token',
    hint: 'Try again. Meanwhile jobs keep running, and tokens of the tokens file still work.',
  },
  TooManyRequests: {
    ...again,
    status: 429,
    title: 'This token has sent too many requests',
    hint: 'Wait for the time in Retry-After before you send the next request.',
  },
  StorageFull: {
    ...again,
    status: 507,
    title: "The stream's storage is almost full",
    hint: "Raise the stream's limit or lower the retention. Running jobs continue.",
  },
  Unavailable: {
    ...again,
    status: 503,
    title: 'NATS did not respond',
    hint: 'Send the same request again with the same Idempotency-Key, or for the job id that the message names: the write may have been stored, and this way it is not stored twice.',
  },
  NotReady: {
    ...again,
    status: 503,
    title: 'The process is still catching up with the stream',
    hint: 'Try again in a moment.',
  },
  InternalError: {
    ...again,
    status: 500,
    title: 'The server failed unexpectedly',
    hint: 'Try again. If this persists, report it with the time and the request id.',
  },
});
