// The published client: `import { GenwardenClient } from '@genwarden/client'`.

export { GenwardenClient } from './client.ts';
export type { SubmitOptions, TypedJob } from './client.ts';
export { GenwardenDownloadError } from './download.ts';
export type { ArtifactName, Download, DownloadedArtifact, DownloadOptions } from './download.ts';
export { GenwardenApiError, GenwardenConnectionError, GenwardenError } from './http/error.ts';
export type { EventOptions } from './http/eventStream.ts';
export type { CallOptions, ClientOptions } from './http/request.ts';
export { GenwardenOutputError } from './output.ts';
export type { OutputOptions } from './output.ts';
export type { JsonSchema, OutputIssue, OutputSchema, StandardSchema } from './schema.ts';
export { isFinished } from './states.ts';
export type { TextPiece } from './text.ts';
export { clientVersion } from './version.ts';
export type { WaitOptions } from './wait.ts';
export type { FinishedTask, TaskResult, WatchOptions } from './watch.ts';
export type * from './types/activity.ts';
export type * from './types/errorCode.ts';
export type * from './types/event.ts';
export type * from './types/explain.ts';
export type * from './types/input.ts';
export type * from './types/job.ts';
export type * from './types/links.ts';
export type * from './types/pool.ts';
export type * from './types/problem.ts';
export type * from './types/submit.ts';
export type * from './types/warning.ts';
export type * from './types/webhook.ts';
