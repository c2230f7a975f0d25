// Submits the job of a request within the trace of the request: the job belongs to the span of its submit.

import type { FastifyRequest } from 'fastify';
import type { SubmitBody } from '../jobs/submit/body.ts';
import { submitJob, type Submit, type Submitted } from '../jobs/submit/index.ts';
import { startSubmitSpan } from '../telemetry/tracing/taskSpans.ts';
import { noTracer, withSpan } from '../telemetry/tracing/tracer.ts';
import type { ApiContext } from './options.ts';

/** As `submitJob`. */
export function submitInTrace(
  context: ApiContext,
  { span: { context: parent } }: Pick<FastifyRequest, 'span'>,
  submit: Submit,
): Promise<Submitted> {
  const { tracer = noTracer } = context;
  const span = startSubmitSpan(tracer, { parent, tenant: submit.tenant, pool: knownPool(context, submit.body) });
  return withSpan(span, async () => {
    const submitted = await submitJob(context, { ...submit, trace: span.context });
    span.set({ 'genwarden.job': submitted.record.job, 'genwarden.replayed': submitted.replayed });
    return submitted;
  });
}

/** Clients choose the name, so only those of known pools become attributes. */
const knownPool = ({ pools }: ApiContext, { pool = 'default' }: SubmitBody): string =>
  pools.find(pool) === undefined ? 'other' : pool;
