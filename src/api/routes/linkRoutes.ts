// POST /v1/jobs/{id}/links: signed URLs that read the job without a token, for browsers and other programs.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { parseDuration } from '../../job/duration.ts';
import { invalidRequest } from '../../job/errors/invalidRequest.ts';
import { longestLink } from '../../job/linkKeys.ts';
import { isoTime, type Instant } from '../../job/time.ts';
import { jobLinks } from '../../jobs/links.ts';
import { readJob } from '../../jobs/read.ts';
import { durationText } from '../../jobs/submit/durationText.ts';
import { principalOf } from '../auth/authenticate.ts';
import type { Api, ApiContext } from '../options.ts';
import { jobParams } from '../validation.ts';
import { baseOf } from '../view/address.ts';
import { jobLinksSchema } from '../view/linkSchemas.ts';

const defaultMs = 3_600_000;

const bodySchema = z.strictObject({
  expiresIn: durationText(
    { min: 1_000, max: longestLink },
    'How long the links work, at most until the job expires; default 1h or until then',
  ).optional(),
});

export function linkRoutes(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'createLinks',
    summary: 'Create signed URLs that read a job without a token',
    tags: ['jobs'],
    params: jobParams,
    body: bodySchema,
    response: { 200: jobLinksSchema },
    answers: { 200: { says: 'The URLs, which are secrets until they expire.', headers: ['Cache-Control'] } },
    problems: ['StorageFull'],
  } satisfies FastifySchema;
  // Only passes on what the sender may read anyway.
  app.post('/v1/jobs/:id/links', { config: { scope: 'jobs:read' }, schema }, async (request, reply) => {
    const record = await readJob(context, principalOf(request).tenant, request.params.id);
    const { expiresAt: jobExpiresAt } = record.tasks[0]!.last.state.of;
    const expiresAt = expiryOf(request.body.expiresIn, context.clock.now(), jobExpiresAt);
    const links = await jobLinks(context, record, { base: baseOf(context, request), expiresAt });
    return reply
      .header('cache-control', 'no-store')
      .send({ ...links, artifacts: [...links.artifacts], expiresAt: isoTime(expiresAt) });
  });
}

/** Throws `InvalidRequest`. */
function expiryOf(expiresIn: string | undefined, now: Instant, jobExpiresAt: Instant): Instant {
  if (expiresIn === undefined) return Math.min(now + defaultMs, jobExpiresAt);
  const expiresAt = now + parseDuration(expiresIn)!;
  if (expiresAt <= jobExpiresAt) return expiresAt;
  const message = `is ${expiresIn}, but the job expires at ${isoTime(jobExpiresAt)}`;
  throw invalidRequest([{ path: 'expiresIn', message }]);
}
