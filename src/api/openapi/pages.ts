// The pages at /docs: Swagger UI, from the files of its package, shows the OpenAPI document. Every address in them is relative, so
// that they work behind a proxy that adds a path. They need no token: they hold nothing but the document.

import { createReadStream } from 'node:fs';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Api, ApiOptions } from '../options.ts';
import { contentSecurityPolicy, withPageHeaders } from '../pageHeaders.ts';

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Genwarden API</title>
    <link rel="stylesheet" href="docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"><noscript>These pages need JavaScript. The document is at <a href="openapi.json">openapi.json</a>.</noscript></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

/** Without a validator, because it is on another host. */
const start = `SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
`;

/** The files of Swagger UI that the page loads. */
const packaged: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

export function apiPages(app: Api, options: Pick<ApiOptions, 'publicUrl'>): void {
  const { publicUrl } = options;
  const requests = ["'self'", ...(publicUrl === undefined ? [] : [new URL(publicUrl).origin])];
  // Swagger UI shows its icons as `data:` images.
  const policy = contentSecurityPolicy({ images: ['data:'], requests, forms: "'none'" });
  const open = (reply: FastifyReply): FastifyReply => withPageHeaders(reply, policy);
  app.get('/docs', { schema: { hide: true } }, async (_request, reply) =>
    open(reply).header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page),
  );
  const params = z.strictObject({ file: z.string() });
  app.get('/docs/:file', { schema: { hide: true, params } }, async (request, reply) => {
    const { file } = request.params;
    open(reply).header('cache-control', 'public, max-age=3600');
    if (file === 'start.js') return reply.type('text/javascript; charset=utf-8').send(start);
    const type = packaged[file];
    if (type === undefined) throw new GenwardenError('RouteNotFound', `There is no endpoint GET /docs/${file}`);
    // Read for each request: the API keeps none of them in memory.
    return reply
      .type(type)
      .send(createReadStream(new URL(`static/${file}`, import.meta.resolve('@fastify/swagger-ui'))));
  });
}
