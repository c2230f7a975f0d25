// The problems that an operation can answer with, by status: those that the route names, and those of every route of its kind.

import { catalogue, GenwardenError, type ErrorCode } from '../../job/errors/index.ts';
import { problemOf, statusOf } from '../problem.ts';
import { commonHeaders, type AnswerHeader } from './headers.ts';
import { reference } from './reference.ts';
import type { DocumentedRoute } from './route.ts';

/** The `responses` of all problems. */
export function problemAnswers(route: DocumentedRoute): Record<string, object> {
  const byStatus = Map.groupBy(new Set(codesOf(route)), (code) => statusOf(code, route.url));
  return Object.fromEntries([...byStatus].map(([status, codes]) => [String(status), answerOf(status, codes)] as const));
}

/** An example of each problem of the routes, for `components.examples`. */
export function problemExamples(routes: readonly DocumentedRoute[]): Record<string, object> {
  const codes = new Set(routes.flatMap(codesOf));
  return Object.fromEntries(
    [...codes].toSorted().map((code) => {
      const { title } = catalogue[code];
      return [code, { summary: title, value: problemOf(new GenwardenError(code, title), '2Bal6e9sIvgP') }];
    }),
  );
}

/** Whether the tenant may not be `*`. */
export const needsOneNamespace = ({ scope, acrossTenants }: DocumentedRoute['config']): boolean =>
  scope === 'jobs:write' && acrossTenants !== true;

function codesOf({ method, url, schema, config }: DocumentedRoute): ErrorCode[] {
  const codes: ErrorCode[] = [...(schema.problems ?? []), 'InvalidRequest', 'MalformedRequest', 'InternalError'];
  if (config.scope === undefined) return codes;
  codes.push('Unauthorized', 'Forbidden', 'CrossSiteRequest', 'ForeignHost', 'TooManyRequests');
  codes.push('KubernetesUnavailable', 'OidcUnavailable', 'Unavailable');
  if (needsOneNamespace(config)) codes.push('NamespaceRequired');
  if (config.readableByLink === true) codes.push('LinkExpired', 'LinkInvalid', 'NotReady');
  if (url.startsWith('/v1/jobs/:id')) codes.push('JobNotFound');
  if (method === 'POST') codes.push('BodyTooLarge', 'RequestTimeout', 'UnsupportedMediaType', 'NotReady');
  if (method === 'POST' && schema.consumes === undefined) codes.push('MalformedJson');
  return codes;
}

const headersOf: Readonly<Record<number, readonly AnswerHeader[]>> = {
  401: ['WWW-Authenticate'],
  416: ['Content-Range'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

function answerOf(status: number, codes: readonly ErrorCode[]): object {
  const headers: AnswerHeader[] = [...commonHeaders, ...(headersOf[status] ?? [])];
  return {
    description: codes.map((code) => `\`${code}\`: ${catalogue[code].title}.`).join('\n\n'),
    headers: Object.fromEntries(headers.map((name) => [name, reference('headers', name)])),
    content: {
      'application/problem+json': {
        schema: reference('schemas', 'Problem'),
        examples: Object.fromEntries(codes.map((code) => [code, reference('examples', code)])),
      },
    },
  };
}
