// Turns every error of a request into a problem document: catalogue errors, Fastify's own, and unexpected ones.

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { GenwardenError, type ErrorCode } from '../job/errors/index.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { AllowedMethods } from './allowedMethods.ts';
import { awaitsContinue } from './expectContinue.ts';
import { bodyLimit, tooLarge } from './bodyForm.ts';
import { refuseRoute } from './requestForm.ts';
import type { Api } from './options.ts';
import { problemOf } from './problem.ts';

export function answerErrors(app: Api, allowed: AllowedMethods): void {
  const send = async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    sendProblem(asGenwardenError(error, request), request, reply);
  app.setErrorHandler(send);
  // Only for files that do not exist: the form of every request is checked before.
  app.setNotFoundHandler(async (request, reply) => refuseRoute(request, reply, allowed));
}

const codes = new WeakMap<object, ErrorCode>();

/** The code of the problem that a request was answered with; undefined if it was answered otherwise. */
export const problemCodeOf = (request: FastifyRequest): ErrorCode | undefined => codes.get(request);

export async function sendProblem(
  error: GenwardenError,
  request: Pick<FastifyRequest, 'id' | 'method' | 'log' | 'raw' | 'routeOptions' | 'span'>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const problem = problemOf(error, request.id, { route: request.routeOptions.url, isRead });
  codes.set(request, error.code);
  if (problem.status >= 500) logFailure(error, problem.status, request);
  // Neither side could know whether the body still follows.
  if (awaitsContinue(request.raw) || error.code === 'RequestTimeout') reply.header('connection', 'close');
  const retryAfter = retryAfterOf(error, problem.status);
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (typeof error.details['contentRange'] === 'string') reply.header('content-range', error.details['contentRange']);
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}

function logFailure(
  error: GenwardenError,
  status: number,
  request: Pick<FastifyRequest, 'id' | 'method' | 'log' | 'routeOptions' | 'span'>,
): void {
  const { id: requestId, method, routeOptions, span } = request;
  const traceId = span.context?.traceId;
  const fields = { requestId, method, route: routeOptions?.url, code: error.code, traceId };
  if (status === 500)
    logEvent(
      request.log,
      'request_error',
      { ...fields, err: error.cause ?? error },
      'A request failed with an unexpected error',
    );
  else logEvent(request.log, 'request_failed', fields, error.message);
}

/** Seconds. */
function retryAfterOf(error: GenwardenError, status: number): number | undefined {
  const named = error.details['retryAfter'];
  if (typeof named === 'number') return Math.max(1, Math.ceil(named));
  return status === 503 || status === 429 ? 1 : undefined;
}

/** Fastify's errors that a client can cause. */
const fastifyCodes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['UnsupportedMediaType', 'This endpoint does not accept the media type of the body'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['MalformedRequest', 'The length of the body does not match Content-Length'],
};

export function asGenwardenError(
  error: unknown,
  { routeOptions }: { readonly routeOptions?: { readonly bodyLimit?: number } } = {},
): GenwardenError {
  if (error instanceof GenwardenError) return error;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(routeOptions?.bodyLimit ?? bodyLimit);
  if (/^Z_(?:DATA|BUF)_ERROR$/.test(code ?? ''))
    return new GenwardenError('MalformedRequest', `The body is not valid gzip data: ${message}`, { cause: error });
  const known = code === undefined ? undefined : fastifyCodes[code];
  if (known !== undefined) return new GenwardenError(known[0], known[1], { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new GenwardenError('InvalidRequest', message ?? 'The request is not valid', { cause: error });
  }
  return new GenwardenError('InternalError', 'The server failed unexpectedly', { cause: error });
}
