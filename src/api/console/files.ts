// The scripts, styles and pictures of the console, compressed when the console was built.

import { fileURLToPath } from 'node:url';
import files from '@fastify/static';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Api } from '../options.ts';

/** Neither `index.html`, which the pages answer with, nor the compressed forms of other files. */
const servedName = /^[\w-]+\.(?:js|css|svg|png)$/;
/** The name contains a hash of the content. */
const hashedName = /-\w{8,}\.(?:js|css)$/;

export function consoleFiles(app: Api, folder: URL): void {
  app.register(files, { root: fileURLToPath(folder), serve: false, preCompressed: true, suppressWarning: true });
  const params = z.strictObject({ file: z.string() });
  app.get('/console/:file', { schema: { hide: true, params } }, async (request, reply) => {
    const { file } = request.params;
    if (!servedName.test(file)) throw new GenwardenError('RouteNotFound', `There is no endpoint GET /console/${file}`);
    reply.header('x-content-type-options', 'nosniff').header('cross-origin-resource-policy', 'same-origin');
    const caching = hashedName.test(file) ? { maxAge: '365d', immutable: true } : { maxAge: '1h' };
    return reply.sendFile(file, caching);
  });
}
