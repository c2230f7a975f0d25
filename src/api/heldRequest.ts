// Requests that are held open, which are event streams and waits: they end when the client disconnects, when the API closes,
// and when the sender loses the access with which the request was admitted.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { GenwardenError } from '../job/errors/index.ts';
import { elapsed, type Instant } from '../job/time.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { principalOf } from './auth/authenticate.ts';
import type { Principal } from './auth/principal.ts';
import { asGenwardenError } from './errorHandler.ts';
import type { ApiContext } from './options.ts';

type HeldContext = Pick<ApiContext, 'auth' | 'clock' | 'closing' | 'logger'>;

/** Aborts when the request must end. `accessLoss` tells whether the sender lost its access. */
export function requestEnd(context: HeldContext, request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const disconnected = new AbortController();
  // `close` of the response, not of the request: a request closes as soon as its body has been read.
  reply.raw.once('close', () => disconnected.abort());
  if (reply.raw.closed) disconnected.abort();
  const ended = AbortSignal.any([disconnected.signal, context.closing]);
  const lost = new AbortController();
  void watchAccess(context, request, ended).then((loss) => {
    if (loss === undefined) return;
    const { id, name } = principalOf(request);
    logEvent(
      context.logger,
      'held_request_ended',
      { principal: id, code: loss.code },
      `Ended a request of ${name} that was held open: ${loss.message}`,
    );
    lost.abort(loss);
  });
  return AbortSignal.any([ended, lost.signal]);
}

/** Why the sender of the request may not have its answer any more; undefined if it still may. */
export function accessLoss({ aborted, reason }: AbortSignal): GenwardenError | undefined {
  return aborted && reason instanceof GenwardenError ? reason : undefined;
}

/** ms that requests outlive the last review while the Kubernetes API server does not answer. */
const maxUnverified = 300_000;

/** Resolves when the request ends, or with the reason when its sender would no longer be admitted. Never rejects. */
async function watchAccess(
  context: HeldContext,
  request: FastifyRequest,
  ended: AbortSignal,
): Promise<GenwardenError | undefined> {
  const { clock } = context;
  const { readmit } = request;
  let verifiedAt = clock.monotonic();
  let principal = principalOf(request);
  const { tenant } = principal;
  while (readmit !== null && !ended.aborted) {
    try {
      const asked = clock.monotonic();
      principal = await readmit();
      verifiedAt = asked;
      if (principal.tenant !== tenant)
        return new GenwardenError('Unauthorized', 'The token belongs to another tenant now');
    } catch (error) {
      const loss = asGenwardenError(error);
      const mayBeValid =
        loss.code === 'KubernetesUnavailable' && elapsed(verifiedAt, clock.monotonic()) < maxUnverified;
      if (!mayBeValid) return loss;
    }
    await untilAccessMayChange(context, principal, ended);
  }
  return undefined;
}

/** Resolves when the tokens change, when the token expires, when it must be reviewed again, or when the request ends. */
async function untilAccessMayChange(
  { auth, clock }: HeldContext,
  { recheckMs, expiresAt }: Principal,
  ended: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const settled = new AbortController();
  const stopListening = auth === 'off' ? undefined : auth.onChange?.(resolve);
  ended.addEventListener('abort', () => resolve(), { signal: settled.signal });
  const at: Instant = Math.min(expiresAt ?? Infinity, recheckMs === undefined ? Infinity : clock.now() + recheckMs);
  if (at !== Infinity) clock.sleep(at, settled.signal).then(resolve, () => undefined);
  if (!ended.aborted) await promise;
  settled.abort();
  stopListening?.();
}
