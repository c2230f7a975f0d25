// The trace that a job belongs to, as W3C Trace Context defines it (https://www.w3.org/TR/trace-context/): callers send it in
// the headers `traceparent` and `tracestate`, and the messages of the stream carry it on.

import type { TaskIdentity } from './identity.ts';

/** The place of one span in a trace. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Bit 0: the trace is sampled, so its spans are recorded. Bit 1: the trace id is random. */
  readonly flags: number;
  /** The `tracestate` of other systems, which is passed on unchanged; absent: none. */
  readonly state?: string;
}

/** The context of the two headers; undefined if the first is missing or invalid. An invalid `tracestate` is dropped. */
export function parseTraceContext(traceparent: string | undefined, tracestate?: string): TraceContext | undefined {
  const [, version, traceId, spanId, flags, rest] = form.exec(traceparent?.trim() ?? '') ?? [];
  if (version === undefined || version === 'ff' || traceId === noTrace || spanId === noSpan) return undefined;
  // Later versions may append fields; version 00 has none.
  if (version === '00' && rest !== undefined) return undefined;
  const state = tracestate === undefined ? undefined : parseTraceState(tracestate);
  // Flags that this version does not know must not be passed on.
  const known = Number.parseInt(flags!, 16) & (sampledFlag | randomFlag);
  return { traceId: traceId!, spanId: spanId!, flags: known, ...(state === undefined ? {} : { state }) };
}

/** The value of `traceparent`. */
export function formatTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** Whether the spans of the trace are recorded, as far as its caller knows. */
export const isSampled = ({ flags }: Pick<TraceContext, 'flags'>): boolean => (flags & sampledFlag) !== 0;

/** The context in which the job was submitted; undefined if it had none. */
export function traceOf({ trace, traceState }: Pick<TaskIdentity, 'trace' | 'traceState'>): TraceContext | undefined {
  return trace === undefined ? undefined : parseTraceContext(trace, traceState);
}

/** The id of the job's trace; undefined if it has none. */
export const traceIdOf = ({ trace }: Pick<TaskIdentity, 'trace'>): string | undefined => trace?.slice(3, 35);

/** The id of the job's trace if it is recorded: nothing else is worth a link. */
export function sampledTraceIdOf(of: Pick<TaskIdentity, 'trace' | 'traceState'>): string | undefined {
  const context = traceOf(of);
  return context !== undefined && isSampled(context) ? context.traceId : undefined;
}

/** What the identity of a job's tasks says about its trace. */
export function traceFields(context: TraceContext | undefined): Pick<TaskIdentity, 'trace' | 'traceState'> {
  if (context === undefined) return {};
  const { state } = context;
  return { trace: formatTraceparent(context), ...(state === undefined ? {} : { traceState: state }) };
}

const sampledFlag = 1;
const randomFlag = 2;
const noTrace = '0'.repeat(32);
const noSpan = '0'.repeat(16);
const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Bytes and entries that every system must pass on; longer lists are dropped. */
const longestState = 512;
const mostEntries = 32;
const entryForm = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

function parseTraceState(text: string): string | undefined {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const whole = entries.join(',');
  if (entries.length === 0 || entries.length > mostEntries || whole.length > longestState) return undefined;
  return entries.every((entry) => entryForm.test(entry)) ? whole : undefined;
}
