// Spans as the processes make them. Without a receiver of traces they are not recorded, but the context of the caller is
// passed on.

import type { TraceContext } from '../../job/trace.ts';
import type { Instant } from '../../job/time.ts';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** Undefined values are left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | string[] | undefined>>;

export interface SpanLink {
  readonly context: TraceContext;
  readonly attributes?: Attributes;
}

export interface SpanOptions {
  /** Without a parent the span is not recorded, unless it is a root. */
  readonly parent: TraceContext | undefined;
  /** The span starts a trace if it has no parent. */
  readonly root?: boolean;
  /** Default: internal. */
  readonly kind?: SpanKind;
  /** Default: now. */
  readonly startTime?: Instant;
  readonly attributes?: Attributes;
  readonly links?: readonly SpanLink[];
}

export interface Span {
  /** For what the span causes; undefined without a trace. */
  readonly context: TraceContext | undefined;
  set(attributes: Attributes): void;
  /** Marks the span as failed. `type` is a code, never a message: providers repeat prompts in their messages. */
  fail(type: string): void;
  /** A span that never ends is never sent. */
  end(at?: Instant): void;
}

export interface Tracer {
  start(name: string, options: SpanOptions): Span;
}

const nothing = (): void => undefined;

/** A span that is not recorded; what it causes has the parent's context. */
export const passedOn = (context: TraceContext | undefined): Span => ({
  context,
  set: nothing,
  fail: nothing,
  end: nothing,
});

/** Traces are off. */
export const noTracer: Tracer = { start: (_name, { parent }) => passedOn(parent) };

/** The id of the span; undefined if it is not its own, because the context of its parent is passed on. */
export function ownSpanId({ context }: Span, parent: TraceContext | undefined): string | undefined {
  return context?.spanId === parent?.spanId ? undefined : context?.spanId;
}

/** Runs `work` within a span, which fails with `typeOf` of the error that it throws. */
export async function withSpan<T>(
  span: Span,
  work: (span: Span) => Promise<T>,
  typeOf: (error: unknown) => string = nameOf,
): Promise<T> {
  try {
    return await work(span);
  } catch (error) {
    span.fail(typeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/** The code of an error of the catalogue, or else the name of its class. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  const { code, error: inner } = error as { code?: unknown; error?: { code?: unknown } };
  const found = inner?.code ?? code;
  return typeof found === 'string' ? found : error.name;
}
