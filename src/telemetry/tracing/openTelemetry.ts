// Traces with the SDK of OpenTelemetry: spans are sent in batches by OTLP. Nothing ever waits for the receiver: what it does not
// take in time is dropped.

import { diag, DiagLogLevel, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span as OtelSpan, SpanContext, Tracer as OtelTracer } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler as OtelSampler,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import type { TraceContext } from '../../job/trace.ts';
import { proxyAgents } from '../../proxy/index.ts';
import { ReportedDelivery } from './reportedDelivery.ts';
import type { Sampler, Tracing, TracingOptions } from './options.ts';
import { passedOn, type Attributes, type Span, type SpanLink, type SpanOptions, type Tracer } from './tracer.ts';

/** ms. */
const longestClose = 2_000;

/** Characters; no attribute of ours is longer. */
const longestAttribute = 1_024;

export function openTelemetry(options: TracingOptions & { readonly receiver: string }): Tracing {
  const { receiver, logger, timeoutMs, scheduleDelayMs, maxQueueSize, serviceName, instance, version } = options;
  followDiagnostics(logger);
  const resource = defaultResource().merge(
    resourceFromAttributes({
      'service.instance.id': instance,
      'service.version': version,
      ...options.resourceAttributes,
      'service.name': serviceName,
    }),
  );
  const agents = proxyAgents(process.env, { keepAlive: true });
  const exporter = new OTLPTraceExporter({
    url: receiver,
    timeoutMillis: timeoutMs,
    ...(agents === undefined
      ? {}
      : { httpAgentOptions: (protocol: string) => (protocol === 'https:' ? agents.https : agents.http) }),
    ...(options.headers === undefined ? {} : { headers: { ...options.headers } }),
  });
  const provider = new TracerProvider({
    resource,
    sampler: samplerOf(options.sampler, options.samplerRatio),
    spanLimits: { attributeValueLengthLimit: longestAttribute },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new ReportedDelivery(exporter, receiver, logger),
        scheduledDelayMillis: scheduleDelayMs,
        maxQueueSize,
        maxExportBatchSize: Math.min(512, maxQueueSize),
        exportTimeoutMillis: timeoutMs,
      }),
    ],
  });
  const tracer = provider.getTracer('genwarden', version);
  return { tracer: tracerOf(tracer), close: () => closeSoon(provider, logger) };
}

/** What the SDK itself has to say, such as which configuration it does not understand. */
function followDiagnostics(logger: Logger): void {
  const debug = (message: string, ...details: unknown[]): void =>
    logger.debug({ details: details.map(String) }, `OpenTelemetry: ${message}`);
  const none = (): void => undefined;
  const log = { error: debug, warn: debug, info: none, debug: none, verbose: none };
  diag.setLogger(log, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

function samplerOf(sampler: Sampler, ratio: number): OtelSampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
    default:
      return sampler satisfies never;
  }
}

async function closeSoon(provider: TracerProvider, logger: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      logger.debug('The receiver of traces did not take the last spans in time');
      resolve();
    }, longestClose);
  });
  // A failure is reported by the exporter.
  await Promise.race([provider.shutdown().catch(() => undefined), tooLate]);
  clearTimeout(timer);
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

function tracerOf(tracer: OtelTracer): Tracer {
  return {
    start: (name, options) => {
      if (options.parent === undefined && options.root !== true) return passedOn(undefined);
      return recordedBy(startSpan(tracer, name, options));
    },
  };
}

function startSpan(tracer: OtelTracer, name: string, options: SpanOptions): OtelSpan {
  const { parent, kind = 'internal', startTime, attributes, links = [] } = options;
  return tracer.startSpan(
    name,
    {
      kind: kinds[kind],
      links: links.map(linkOf),
      ...(startTime === undefined ? {} : { startTime }),
      ...(attributes === undefined ? {} : { attributes: defined(attributes) }),
    },
    parent === undefined ? ROOT_CONTEXT : contextOf(parent),
  );
}

const contextOf = (parent: TraceContext): Context => trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent));

const linkOf = ({ context, attributes = {} }: SpanLink) => ({
  context: spanContextOf(context),
  attributes: defined(attributes),
});

function spanContextOf({ traceId, spanId, flags, state }: TraceContext): SpanContext {
  const traceState = state === undefined ? {} : { traceState: new TraceState(state) };
  return { traceId, spanId, traceFlags: flags, isRemote: true, ...traceState };
}

function recordedBy(span: OtelSpan): Span {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const state = traceState?.serialize() ?? '';
  return {
    context: { traceId, spanId, flags: traceFlags, ...(state === '' ? {} : { state }) },
    set: (attributes) => void span.setAttributes(defined(attributes)),
    fail: (type) => void span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR, message: type }),
    end: (at) => span.end(at),
  };
}

const defined = (attributes: Attributes): Record<string, string | number | boolean | string[]> =>
  Object.fromEntries(Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
