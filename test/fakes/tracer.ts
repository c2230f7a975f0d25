// A tracer that keeps its spans in memory, with ids that count up.

import type { TraceContext } from '../../src/job/trace.ts';
import type { Attributes, SpanOptions, Tracer } from '../../src/telemetry/tracing/tracer.ts';
import { passedOn } from '../../src/telemetry/tracing/tracer.ts';

export interface FakeSpan extends SpanOptions {
  readonly name: string;
  readonly context: TraceContext;
  readonly attributes: Attributes;
  readonly failure: string | undefined;
  readonly ended: boolean;
}

export interface FakeTracer extends Tracer {
  /** In the order in which they started. */
  readonly spans: readonly FakeSpan[];
  named(name: string): FakeSpan[];
}

/** `sampled`: whether the traces that begin here are recorded. */
export function fakeTracer({ sampled = true } = {}): FakeTracer {
  const spans: { -readonly [K in keyof FakeSpan]: FakeSpan[K] }[] = [];
  let ids = 0;
  const id = (digits: number): string => (ids += 1).toString(16).padStart(digits, '0');
  return {
    spans,
    named: (name) => spans.filter((span) => span.name === name),
    start(name, options) {
      const { parent, root, attributes = {} } = options;
      if (parent === undefined && root !== true) return passedOn(undefined);
      const trace = parent ?? { traceId: id(32), flags: sampled ? 1 : 0 };
      const span = {
        ...options,
        name,
        attributes,
        context: { ...trace, spanId: id(16) },
        failure: undefined as string | undefined,
        ended: false,
      };
      spans.push(span);
      return {
        context: span.context,
        set: (more) => void (span.attributes = { ...span.attributes, ...more }),
        fail: (type) => void (span.failure = type),
        end: () => void (span.ended = true),
      };
    },
  };
}
