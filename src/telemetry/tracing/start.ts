// Starts the traces of a process, if it has a receiver for them. OpenTelemetry's packages are loaded only then.

import type { Tracing, TracingOptions } from './options.ts';
import { noTracer } from './tracer.ts';

export async function startTracing(options: TracingOptions): Promise<Tracing> {
  if (options.receiver === undefined) return { tracer: noTracer, close: () => Promise.resolve() };
  const { openTelemetry } = await import('./openTelemetry.ts');
  return openTelemetry({ ...options, receiver: options.receiver });
}
