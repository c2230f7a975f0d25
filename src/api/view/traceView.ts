// The trace of a job: its id, and its address in the tracing system.

import type { TaskIdentity } from '../../job/task.ts';
import { isSampled, traceOf } from '../../job/trace.ts';

export interface TraceView {
  traceId: string | null;
  traceUrl?: string;
}

/** `template`: the address of a trace, with `{traceId}`. Nobody has a trace that is not sampled, so it gets no address. */
export function traceView(of: TaskIdentity, template: string | undefined): TraceView {
  const trace = traceOf(of);
  if (trace === undefined) return { traceId: null };
  const { traceId } = trace;
  if (template === undefined || !isSampled(trace)) return { traceId };
  return { traceId, traceUrl: template.replaceAll('{traceId}', traceId) };
}
