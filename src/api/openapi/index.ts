// Serves the OpenAPI document, which is generated from the schemas of the routes when it is first requested.

import type { Api, ApiOptions } from '../options.ts';
import { openApiDocument } from './document.ts';
import type { DocumentedRoute } from './route.ts';

/** Documents the routes that are registered in `app` from now on, and adds the route of the document. */
export function documentApi(app: Api, { publicUrl, oidc, version = '0.0.0' }: ApiOptions): void {
  const routes: DocumentedRoute[] = [];
  app.addHook('onRoute', ({ method, url, schema, config = {} }) => {
    if (schema === undefined || schema.hide === true) return;
    for (const each of [method].flat()) if (each !== 'HEAD') routes.push({ method: each, url, schema, config });
  });
  let text: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(openApiDocument(routes, { version, publicUrl, oidcIssuer: oidc?.issuer }));
    return reply.header('cache-control', 'no-cache').type('application/json; charset=utf-8').send(text);
  });
}
