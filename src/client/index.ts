// The published client: `import { GenwardenClient } from 'genwarden/client'`.

export { GenwardenClient } from './client.ts';
export type { SubmitOptions, TypedJob, WaitOptions } from './client.ts';
export type { EventOptions } from './eventStream.ts';
export { GenwardenApiError } from './error.ts';
export type { Problem } from './error.ts';
export { GenwardenOutputError } from './output.ts';
export type { OutputOptions } from './output.ts';
export type { ClientOptions } from './request.ts';
export type { JsonSchema, OutputIssue, OutputSchema, StandardSchema } from './schema.ts';
export type { TextOptions, TextPiece } from './text.ts';
export type * from './eventTypes.ts';
export type * from './explainTypes.ts';
export type * from './poolTypes.ts';
export type * from './submitTypes.ts';
export type * from './types.ts';
export type * from './warningTypes.ts';
