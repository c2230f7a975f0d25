// The spans of calls to providers, by the semantic conventions of OpenTelemetry for generative AI
// (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/). Prompts and answers are never part of them.

import type { PaidUsage } from '../../job/errors/index.ts';
import type { JsonValue } from '../../job/jsonValue.ts';
import type { JobKind } from '../../job/policy.ts';
import { callsOf } from '../../job/providers.ts';
import type { TraceContext } from '../../job/trace.ts';
import type { Attributes, Span, Tracer } from './tracer.ts';

export interface CallSpanOptions {
  readonly parent: TraceContext | undefined;
  readonly provider: string;
  /** Of the pool; undefined: the provider's own. */
  readonly baseUrl?: string | undefined;
  readonly kind: JobKind;
  readonly model: string;
  /** The answer must fit a schema. */
  readonly structured: boolean;
  readonly attributes?: Attributes;
}

export function startCallSpan(tracer: Tracer, options: CallSpanOptions): Span {
  const { parent, provider, kind, model, structured, attributes } = options;
  const { system, operations, address } = callsOf(provider);
  const operation = operations[kind];
  return tracer.start(`${operation} ${model}`, {
    parent,
    kind: 'client',
    attributes: {
      ...attributes,
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': system,
      'gen_ai.request.model': model,
      'gen_ai.output.type': kind === 'image' ? 'image' : structured ? 'json' : 'text',
      ...placeOf(options.baseUrl ?? address),
    },
  });
}

function placeOf(address: string | undefined): Attributes {
  if (address === undefined) return {};
  const { hostname, port, protocol } = new URL(address);
  const byProtocol = protocol === 'http:' ? 80 : 443;
  return { 'server.address': hostname, 'server.port': port === '' ? byProtocol : Number(port) };
}

export interface Answered {
  readonly usage: PaidUsage;
  readonly provenance: Readonly<Record<string, JsonValue>>;
}

/** What the provider's answer says about itself. */
export function describeAnswer(span: Span, { usage, provenance }: Answered): void {
  const { modelVersion, responseId, finishReason } = provenance;
  span.set({
    'gen_ai.response.model': textOf(modelVersion),
    'gen_ai.response.id': textOf(responseId),
    'gen_ai.response.finish_reasons': typeof finishReason === 'string' ? [finishReason] : undefined,
    ...usageOf(usage),
  });
}

/** `status`: that of the HTTP answer, if there was one. */
export function describeFailure(span: Span, code: string, status?: number, usage?: PaidUsage): void {
  span.set({ 'http.response.status_code': status, ...(usage === undefined ? {} : usageOf(usage)) });
  span.fail(code);
}

const usageOf = ({ inputTokens, outputTokens }: PaidUsage): Attributes => ({
  'gen_ai.usage.input_tokens': inputTokens,
  'gen_ai.usage.output_tokens': outputTokens,
});

const textOf = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
