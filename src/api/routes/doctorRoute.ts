// GET /v1/doctor: checks of the installation.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { principalOf } from '../auth/authenticate.ts';
import { readInstallation } from '../auth/kubernetes/kubernetesTokens.ts';
import { everyTenant, noTenant } from '../../jobs/tenancy.ts';
import { checkInstallation } from '../../jobs/doctor/index.ts';
import { accessChecks } from './accessChecks.ts';
import type { Api, ApiContext } from '../options.ts';
import { booleanQuery } from '../validation.ts';
import { checklistSchema } from '../view/checklistSchema.ts';

export function doctorRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'doctor',
    summary: 'Check the installation and advise on problems',
    description:
      'Checks NATS and its version, the stream, free space, the clock, the artifact store, the controller, workers and keys. Writes and deletes 64 bytes. Each worker asks its provider for the list of models with each key, at most every 10 s, which is free; `provider=false` leaves that out.',
    tags: ['health'],
    querystring: z.strictObject({
      provider: booleanQuery.optional().describe('`false`: no worker calls its provider.'),
    }),
    response: { 200: checklistSchema },
    answers: { 200: { says: 'The checklist, also if a check failed.', headers: ['Cache-Control'] } },
  } satisfies FastifySchema;
  app.get('/v1/doctor', { config: { scope: 'jobs:read', right: readInstallation }, schema }, async (request, reply) => {
    const { tenant } = principalOf(request);
    // The artifact check needs a tenant to store its bytes under.
    const storedFor = tenant === everyTenant || tenant === noTenant ? 'default' : tenant;
    const how = { tenant: storedFor, callProviders: request.query.provider !== false };
    const found = (await Promise.all([checkInstallation(context, how), accessChecks(context)])).flat();
    const { processName = 'api' } = context;
    const checks = found.map((check) => ({ seenBy: processName, ...check }));
    const ok = checks.every((check) => check.ok);
    return reply.header('cache-control', 'no-store').send({ ok, version: context.version ?? 'unknown', checks });
  });
}
