// Every address of the console answers with the same page, whose script shows what the address names.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Api } from '../options.ts';
import { contentSecurityPolicy, withPageHeaders } from '../pageHeaders.ts';
import { isNamed } from '../routes/answers.ts';

/** The addresses, with the path from each to `/`: relative, so that the console works behind a proxy that adds a path. */
const pages: Readonly<Record<string, string>> = {
  '/': './',
  '/jobs': './',
  '/jobs/:id': '../',
  '/new': './',
  '/review': './',
  '/pools': './',
  '/workers': './',
  '/stuck': './',
  '/installation': './',
  '/sign-in': './',
};

/** Pictures that the page receives from the API, or that a person drops into it, are `blob:` and `data:` images. */
const consolePolicy = contentSecurityPolicy({
  images: ['blob:', 'data:'],
  requests: ["'self'"],
  forms: "'self'",
});

const permissions = ['camera', 'geolocation', 'microphone', 'payment', 'usb'].map((each) => `${each}=()`).join(', ');

export function consolePages(app: Api, folder: URL): void {
  // The page reads its own parameters, such as the filters of a list.
  const schema = { hide: true, querystring: z.looseObject({}) };
  for (const [url, base] of Object.entries(pages)) {
    app.get(url, { schema }, async (request, reply) => sendPage(request, reply, await pageOf(folder, base)));
  }
}

function sendPage(request: FastifyRequest, reply: FastifyReply, page: string): FastifyReply {
  const etag = `"${createHash('sha256').update(page).digest('base64url').slice(0, 22)}"`;
  withPageHeaders(reply, consolePolicy)
    .header('permissions-policy', permissions)
    .header('cache-control', 'no-cache')
    .header('etag', etag);
  if (isNamed(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type('text/html; charset=utf-8').send(page);
}

/** Read for each request: it is small, and a build while the API runs takes effect at once. */
async function pageOf(folder: URL, base: string): Promise<string> {
  const page = await readFile(new URL('index.html', folder), 'utf8').catch((cause: unknown) => {
    throw new GenwardenError('ConsoleNotBuilt', `The API finds no console in ${folder.pathname}`, { cause });
  });
  return page.replaceAll('{{base}}', base);
}
