// Turns every error of a request into a problem document: catalogue errors, Fastify's own, and unexpected ones.

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { GenwardenError, type ErrorCode } from '../job/errors/index.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { allowedMethods, type AllowedMethods } from './allowedMethods.ts';
import type { Api } from './options.ts';
import { problemOf } from './problem.ts';

export function answerErrors(app: Api): void {
  const allowed = allowedMethods(app);
  // A request without a route can fail before its handler, for example because of its body; the route is what is wrong.
  app.setErrorHandler(async (error: unknown, request, reply) =>
    request.is404 ? refuseRoute(request, reply, allowed) : sendProblem(asGenwardenError(error), request, reply),
  );
  app.setNotFoundHandler(async (request, reply) => refuseRoute(request, reply, allowed));
}

/** 404 for a path that no route has or whose file does not exist, and 405 for a method that the path does not have. */
async function refuseRoute(
  request: FastifyRequest,
  reply: FastifyReply,
  allowed: AllowedMethods,
): Promise<FastifyReply> {
  const path = request.url.split('?', 1)[0]!;
  const methods = allowed(path);
  const message = `There is no endpoint ${request.method} ${path}`;
  if (methods.length === 0 || methods.includes(request.method))
    return sendProblem(new GenwardenError('RouteNotFound', message), request, reply);
  reply.header('allow', methods.join(', '));
  const advice = `${message}; it has ${methods.join(', ')}`;
  return sendProblem(new GenwardenError('MethodNotAllowed', advice), request, reply);
}

const codes = new WeakMap<object, ErrorCode>();

/** The code of the problem that a request was answered with; undefined if it was answered otherwise. */
export const problemCodeOf = (request: FastifyRequest): ErrorCode | undefined => codes.get(request);

export async function sendProblem(
  error: GenwardenError,
  request: Pick<FastifyRequest, 'id' | 'method' | 'log' | 'routeOptions' | 'span'>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const problem = problemOf(error, request.id);
  codes.set(request, error.code);
  if (problem.status >= 500) logFailure(error, problem.status, request);
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
  FST_ERR_CTP_BODY_TOO_LARGE: ['BodyTooLarge', 'The body is larger than 25 MiB'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['UnsupportedMediaType', 'This endpoint does not accept the media type of the body'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['MalformedJson', 'The body is not valid JSON, or has a key such as __proto__'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['MalformedJson', 'The body is empty'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['MalformedJson', 'The length of the body does not match Content-Length'],
};

export function asGenwardenError(error: unknown): GenwardenError {
  if (error instanceof GenwardenError) return error;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  const known = code === undefined ? undefined : fastifyCodes[code];
  if (known !== undefined) return new GenwardenError(known[0], known[1], { cause: error });
  if (error instanceof SyntaxError && statusCode === 400) {
    return new GenwardenError('MalformedJson', `The body is not valid JSON: ${message}`, { cause: error });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new GenwardenError('InvalidRequest', message ?? 'The request is not valid', { cause: error });
  }
  return new GenwardenError('InternalError', 'The server failed unexpectedly', { cause: error });
}
