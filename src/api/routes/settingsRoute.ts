// GET /v1/settings: the settings of this API process, like `genwarden config`. Secrets are masked.

import type { FastifySchema } from 'fastify';
import type { Api, ApiContext } from '../options.ts';
import { settingListSchema } from '../view/settingSchemas.ts';

export function settingsRoute(app: Api, { settings = [] }: ApiContext): void {
  const schema = {
    operationId: 'listSettings',
    summary: 'List the settings of this API process, with their sources',
    description: 'Requires the scope `admin`. Secrets are masked. Other processes may have other settings.',
    tags: ['health'],
    response: { 200: settingListSchema },
    answers: { 200: { says: 'All settings.', headers: ['Cache-Control'] } },
  } satisfies FastifySchema;
  const items = settings.map(({ variable, value = null, source, description }) => {
    return { name: variable, value, source, description };
  });
  app.get('/v1/settings', { config: { scope: 'admin' }, schema }, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ items, next: null }),
  );
}
