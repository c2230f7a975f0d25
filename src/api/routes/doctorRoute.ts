// GET /v1/doctor: checks of the installation.

import type { FastifySchema } from 'fastify';
import { principalOf } from '../auth/authenticate.ts';
import { readInstallation } from '../auth/kubernetes/kubernetesTokens.ts';
import { everyTenant, noTenant } from '../../jobs/tenancy.ts';
import { checkInstallation } from '../../jobs/doctor.ts';
import { accessChecks } from './accessChecks.ts';
import type { Api, ApiContext } from '../options.ts';
import { checklistSchema } from '../view/checklistSchema.ts';

export function doctorRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'doctor',
    summary: 'Check the installation and advise on problems',
    description:
      'Checks NATS and its version, the stream, free space, the clock, the artifact store, the controller, workers and keys. Writes and deletes 64 bytes.',
    tags: ['health'],
    response: { 200: checklistSchema },
    answers: { 200: { says: 'The checklist, also if a check failed.', headers: ['Cache-Control'] } },
  } satisfies FastifySchema;
  app.get('/v1/doctor', { config: { scope: 'jobs:read', right: readInstallation }, schema }, async (request, reply) => {
    const { tenant } = principalOf(request);
    // The artifact check needs a tenant to store its bytes under.
    const storedFor = tenant === everyTenant || tenant === noTenant ? 'default' : tenant;
    const checks = (await Promise.all([checkInstallation(context, storedFor), accessChecks(context)])).flat();
    const ok = checks.every((check) => check.ok);
    return reply.header('cache-control', 'no-store').send({ ok, version: context.version ?? 'unknown', checks });
  });
}
