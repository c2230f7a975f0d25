// Sends a delivery within the trace of its job: the receiver gets the trace in the headers of W3C Trace Context.

import { formatTraceparent, traceOf, type TraceContext } from '../job/trace.ts';
import type { AttemptResult, WebhookDelivery } from '../job/webhooks/delivery.ts';
import { noTracer, withSpan, type Tracer } from '../telemetry/tracing/tracer.ts';

/** Calls `post` with the headers of the trace; there are none without a trace. */
export function postInTrace(
  delivery: WebhookDelivery,
  { tracer = noTracer }: { readonly tracer?: Tracer | undefined },
  post: (headers: Readonly<Record<string, string>>) => Promise<AttemptResult>,
): Promise<AttemptResult> {
  const { id, tenant, job, event, attempts, url } = delivery;
  const { hostname, port, protocol } = new URL(url);
  const span = tracer.start(`webhook ${event}`, {
    parent: traceOf(delivery),
    kind: 'client',
    attributes: {
      'genwarden.job': job,
      'genwarden.tenant': tenant,
      'genwarden.webhook.delivery': id,
      'genwarden.webhook.event': event,
      'http.request.method': 'POST',
      'http.request.resend_count': attempts === 0 ? undefined : attempts,
      // The path and the query may be a secret of the receiver.
      'server.address': hostname,
      'server.port': port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
    },
  });
  return withSpan(span, async () => {
    const result = await post(headersOf(span.context));
    if (result.answered) span.set({ 'http.response.status_code': result.status });
    if (!result.answered) span.fail(result.reason);
    else if (result.status >= 300) span.fail(String(result.status));
    return result;
  });
}

function headersOf(context: TraceContext | undefined): Record<string, string> {
  if (context === undefined) return {};
  const { state } = context;
  return { traceparent: formatTraceparent(context), ...(state === undefined ? {} : { tracestate: state }) };
}
