// The trace of each request: it continues that of the caller (W3C Trace Context), and the answer names its place in it.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { formatTraceparent, isSampled, parseTraceContext } from '../job/trace.ts';
import { noTracer, passedOn, type Span, type Tracer } from '../telemetry/tracing/tracer.ts';
import type { Api } from './options.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The span of the request; without a receiver of traces, it has the caller's context. */
    span: Span;
  }
}

const noSpan = passedOn(undefined);

/** Register it before what can refuse a request: refusals belong to the trace as well. */
export function traceRequests(app: Api, { tracer = noTracer }: { readonly tracer?: Tracer | undefined }): void {
  app.decorateRequest('span', { getter: () => noSpan });
  app.addHook('onRequest', async (request, reply) => {
    const span = startSpan(tracer, request);
    Object.defineProperty(request, 'span', { value: span });
    if (span.context !== undefined) reply.header('traceparent', formatTraceparent(span.context));
  });
  // It is also called if the client disconnects before the answer.
  app.addHook('onResponse', async (request, reply) => endSpan(request, reply));
}

/** The id of the request's trace if it is recorded. */
export function sampledTraceId({ span: { context } }: Pick<FastifyRequest, 'span'>): string | undefined {
  return context !== undefined && isSampled(context) ? context.traceId : undefined;
}

function startSpan(tracer: Tracer, request: FastifyRequest): Span {
  const { traceparent, tracestate } = request.headers;
  const parent = parseTraceContext(textOf(traceparent), textOf(tracestate));
  // Probes and the files of the console are not worth a trace.
  const route = request.routeOptions.url;
  if (route?.startsWith('/v1/') !== true) return passedOn(parent);
  return tracer.start(`${request.method} ${route}`, {
    parent,
    root: true,
    kind: 'server',
    attributes: {
      'http.request.method': request.method,
      'http.route': route,
      'url.path': request.url.split('?', 1)[0],
      'url.scheme': request.protocol,
    },
  });
}

/** Several `tracestate` headers are one list; several `traceparent` headers are none. */
const textOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;

function endSpan(request: FastifyRequest, reply: FastifyReply): void {
  const { span } = request;
  const { statusCode } = reply;
  span.set({ 'http.response.status_code': statusCode, 'genwarden.request.id': request.id });
  if (!reply.raw.writableFinished) span.set({ 'genwarden.disconnected': true });
  if (statusCode >= 500) span.fail(String(statusCode));
  span.end();
}
