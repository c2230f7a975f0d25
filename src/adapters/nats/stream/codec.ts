// Converts tasks to messages of the stream and back. The headers hold everything that an index needs, the body the rest.

import { headers as newHeaders, type MsgHdrs } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import { isHeld, type TaskDetail, type TaskIdentity, type TaskState, type TaskWrite } from '../../../job/task.ts';
import { formatTraceparent, traceOf, type TraceContext } from '../../../job/trace.ts';
import type { DetailedEntry, LogEntry } from '../../../ports/jobLog.ts';
import type { MessageContent } from '../jetstream/reads.ts';
import { parseTaskState, writeTaskState } from './taskHeader.ts';

/** Major and minor: readers ignore what a newer minor version adds, and leave a newer major version alone. */
export const schemaVersion = '1.0';
/** Of the messages of tasks that processes of earlier versions must leave alone. */
const secondSchemaVersion = '2.0';
const schemaMajor = 2;

/**
 * Processes of earlier versions would not know what a task with `after` waits for, and would send its templates to the model as
 * they are. They would let results pass that a check or a rating may flag.
 */
export function schemaVersionOf({ after, policy }: TaskIdentity): string {
  const isFirst = after === undefined && policy.review !== 'onFlag' && policy.checkTimeout === undefined;
  return isFirst ? schemaVersion : secondSchemaVersion;
}

export const headerNames = { schema: 'Genwarden-Schema', writeId: 'Genwarden-Write', task: 'Genwarden-Task' } as const;

export interface Encoded {
  readonly headers: MsgHdrs;
  readonly body: string;
}

export type Decoded<T> =
  | { readonly kind: 'entry'; readonly entry: T }
  /** Written by a newer major version of Genwarden, which alone may judge or drop it. */
  | { readonly kind: 'newer'; readonly schema: string }
  | { readonly kind: 'garbage'; readonly why: string };

export function encodeWrite({ state, detail }: TaskWrite, writeId: string): Encoded {
  const headers = newHeaders();
  headers.append(headerNames.schema, schemaVersionOf(state.of));
  headers.append(headerNames.writeId, writeId);
  headers.append(headerNames.task, writeTaskState(state));
  const trace = traceOf(state.of);
  if (trace !== undefined) appendTrace(headers, trace, state.attemptSpan);
  return { headers, body: JSON.stringify(detail) };
}

/** For tools that read W3C Trace Context. Genwarden reads the trace from the task, which earlier versions keep as well. */
function appendTrace(headers: MsgHdrs, trace: TraceContext, attemptSpan = trace.spanId): void {
  headers.append('traceparent', formatTraceparent({ ...trace, spanId: attemptSpan }));
  if (trace.state !== undefined) headers.append('tracestate', trace.state);
}

/** Needs the headers only: followers never receive a body. */
export function decodeState(message: MessageContent): Decoded<LogEntry> {
  const { sequence, at, headers } = message;
  const schema = headers?.get(headerNames.schema) ?? '';
  const major = Number.parseInt(schema, 10);
  if (!(major >= 1)) return garbage(message, `its header ${headerNames.schema} is ${JSON.stringify(schema)}`);
  if (major > schemaMajor) return { kind: 'newer', schema };
  const state = parseTaskState(headers!.get(headerNames.task));
  if (typeof state === 'string') return garbage(message, state);
  return { kind: 'entry', entry: { sequence, at, writeId: headers!.get(headerNames.writeId), state } };
}

export function decodeEntry(message: MessageContent): Decoded<DetailedEntry> {
  const decoded = decodeState(message);
  if (decoded.kind !== 'entry') return decoded;
  const detail = parseDetail(message.data, decoded.entry.state);
  if (typeof detail === 'string') return garbage(message, detail);
  return { kind: 'entry', entry: { ...decoded.entry, detail } };
}

/** For callers that requested this specific message: throws `InternalError` if it cannot be read. */
export function entryOrThrow<T>(decoded: Decoded<T>): T {
  switch (decoded.kind) {
    case 'entry':
      return decoded.entry;
    case 'newer':
      throw new GenwardenError(
        'InternalError',
        `The task was last written by a newer version of Genwarden (schema ${decoded.schema}); this version does not touch it.`,
      );
    case 'garbage':
      throw new GenwardenError('InternalError', decoded.why);
    default:
      return decoded satisfies never;
  }
}

const text = new TextDecoder();

function parseDetail(data: Uint8Array, state: TaskState): TaskDetail | string {
  let detail: Partial<TaskDetail> | null;
  try {
    detail = JSON.parse(text.decode(data)) as Partial<TaskDetail> | null;
  } catch {
    return 'its body is not JSON';
  }
  if (typeof detail !== 'object' || detail === null || typeof detail.message !== 'string') {
    return 'its body has no "message"';
  }
  if ((state.state === 'queued' || isHeld(state)) && (typeof detail.request !== 'object' || detail.request === null)) {
    return 'it is a spec, but its body has no "request"';
  }
  return detail as TaskDetail;
}

function garbage(message: MessageContent, why: string): { kind: 'garbage'; why: string } {
  return {
    kind: 'garbage',
    why: `The message at sequence ${message.sequence} of the stream is not one of Genwarden's: ${why}.`,
  };
}
