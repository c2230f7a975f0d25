// Refuses requests whose form is wrong before anything is read or counted: targets, headers, paths and methods. Answers `OPTIONS`.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { GenwardenError } from '../job/errors/index.ts';
import type { AllowedMethods } from './allowedMethods.ts';
import type { Api } from './options.ts';

/** Headers that a request may have once: of two, each reader could believe another. */
const once = ['host', 'authorization', 'content-type', 'content-encoding', 'idempotency-key', 'genwarden-namespace'];

/** Plain `OPTIONS` requests, which are no preflights of browsers, are answered with the methods of their path. */
export function answerOptions(app: Api, allowed: AllowedMethods): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] !== undefined)
      return undefined;
    refuseForm(request);
    const methods = allowed(pathOf(request));
    if (methods.length === 0) throw noRoute(request, allowed);
    return reply.code(204).header('allow', methods.join(', ')).send();
  });
}

/** Register it after the headers for pages of other origins. */
export function checkForm(app: Api, allowed: AllowedMethods): void {
  app.addHook('onRequest', async (request, reply) => {
    refuseForm(request);
    // The body of such a request is not read.
    if (request.is404 || Object.values(request.params ?? {}).includes('')) refuseRoute(request, reply, allowed);
  });
}

/** Throws 404 for a path that no route has or whose file does not exist, and 405 for a method that the path does not have. */
export function refuseRoute(request: FastifyRequest, reply: FastifyReply, allowed: AllowedMethods): never {
  const methods = allowed(pathOf(request));
  if (methods.length === 0 || methods.includes(request.method)) throw noRoute(request, allowed);
  reply.header('allow', methods.join(', '));
  const message = `${noEndpoint(request)}; it has ${methods.join(', ')}`;
  throw new GenwardenError('MethodNotAllowed', message);
}

function refuseForm({ raw, headers }: FastifyRequest): void {
  if (raw.targetFault !== undefined) throw malformed(`The URL is not valid: ${raw.targetFault}`);
  if (headers.host === undefined && raw.httpVersionMajor === 1 && raw.httpVersionMinor > 0)
    throw malformed('The request has no header Host');
  const names = raw.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  const twice = once.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) throw malformed(`The request has the header ${twice} more than once`);
}

const malformed = (message: string): GenwardenError => new GenwardenError('MalformedRequest', message);

function noRoute(request: FastifyRequest, allowed: AllowedMethods): GenwardenError {
  const near = pathOf(request)
    .replaceAll(/\/+/g, '/')
    .replace(/(?<=.)\/$/, '');
  const advice = near !== pathOf(request) && allowed(near).length > 0 ? `; did you mean ${near}?` : '';
  return new GenwardenError('RouteNotFound', noEndpoint(request) + advice);
}

const noEndpoint = (request: FastifyRequest): string => `There is no endpoint ${request.method} ${pathOf(request)}`;

const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0]!;
