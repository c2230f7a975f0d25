// The addresses of a job in answers: paths, or complete and signed addresses for a request by a signed link.

import type { FastifyRequest } from 'fastify';
import { linkedAddress, type LinkedAddress } from '../../jobs/links.ts';
import type { ApiContext } from '../options.ts';

type Parts = Pick<ApiContext, 'publicUrl'>;

/** Scheme and host of the API: as its settings say, else as the client calls it. */
export function baseOf({ publicUrl }: Parts, { protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>): string {
  return publicUrl ?? URL.parse(`${protocol}://${host}`)?.origin ?? '';
}

/** Undefined for a request with a token: paths are enough for it. */
export function addressOf(parts: Parts, request: FastifyRequest): LinkedAddress | undefined {
  const link = request.principal?.link;
  return link === undefined ? undefined : linkedAddress(baseOf(parts, request), link);
}
