// Requests to the API server that is at an address, with a token for each of them; and what both kinds of access reviews answer.

import type { RequestOptions } from 'node:https';
import { z } from 'zod';
import { KubeHttp } from './http.ts';
import type { ApiServerAddress } from './podEnvironment.ts';

export interface PodHttpOptions extends ApiServerAddress {
  /** Of this program. */
  readonly version: string;
  /** How long an answer may take, ms; default 5,000. */
  readonly timeoutMs?: number;
}

export function openPodHttp(
  { url, ca, version, timeoutMs = 5_000 }: PodHttpOptions,
  { maxBodyBytes }: { readonly maxBodyBytes: number },
): KubeHttp {
  const tls: RequestOptions = ca === undefined ? {} : { ca };
  return new KubeHttp({
    server: { url: new URL(url), viaProxy: false, requestOptions: async () => tls },
    userAgent: `genwarden-api/${version}`,
    timeoutMs,
    maxBodyBytes,
    maxConnections: 32,
  });
}

/** Of a SubjectAccessReview or a SelfSubjectAccessReview: whether it allows the access. */
export const accessAnswer = z
  .object({ status: z.object({ allowed: z.boolean(), denied: z.boolean().optional() }) })
  .transform(({ status: { allowed, denied } }) => allowed && denied !== true);
