// The aggregated API: from a request to its answer. It knows neither sockets nor TLS, so that tests can ask it directly.

import { cancelAnswer, jobIn } from './cancel.ts';
import { cachedAccess, requireAccess } from './authorize.ts';
import { jsonAnswer, type KubeAnswer, type KubeApiContext, type KubeRequest } from './context.ts';
import {
  aggregatedDiscovery,
  aggregatedType,
  groupDocument,
  groupList,
  resourceList,
  wantsAggregated,
} from './documents/discovery.ts';
import { openapiV2, openapiV3, openapiV3Index, openapiV3Path } from './documents/openapi.ts';
import { listAnswer } from './list.ts';
import { selection } from './objects/selectors.ts';
import { representationFor } from './representation.ts';
import { group, resource, root } from './resource.ts';
import { failure, statusOf, StatusError } from './status.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { KubeUser } from '../ports/apiDelegation.ts';
import { watchAnswer } from './watch/watch.ts';

export type Handle = (request: KubeRequest) => Promise<KubeAnswer>;

export function kubeApi(context: KubeApiContext): Handle {
  const cached = { ...context, reviews: cachedAccess(context.reviews, context.monotonic) };
  return async (request) => {
    const place = placeIn(request.path);
    try {
      return await answer(cached, request, place);
    } catch (error) {
      const status = statusOf(error, place?.name);
      if (status.reason === 'InternalError')
        logEvent(context.logger, 'jobs_api_request_error', { err: error }, 'A request for jobs failed unexpectedly');
      return jsonAnswer(status.code, failure(status));
    }
  };
}

interface Place {
  readonly namespace?: string;
  readonly name?: string;
}

const form = new RegExp(`^${root}(?:/namespaces/([^/]+))?/${resource}(?:/([^/]+))?$`);

/** Undefined: not an address of jobs. */
function placeIn(path: string): Place | undefined {
  const found = form.exec(path);
  if (found === null || (found[1] === undefined && found[2] !== undefined)) return undefined;
  return {
    ...(found[1] === undefined ? {} : { namespace: found[1] }),
    ...(found[2] === undefined ? {} : { name: found[2] }),
  };
}

async function answer(context: KubeApiContext, request: KubeRequest, place: Place | undefined): Promise<KubeAnswer> {
  const { path, user } = request;
  if (isHealth(path)) return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' };
  if (user === undefined) throw new StatusError('Unauthorized', 'Unauthorized');
  if (place !== undefined) return jobsAnswer(context, request, user, place);
  const document = request.method === 'GET' ? documentAt(request) : undefined;
  if (document === undefined) throw new StatusError('NotFound', 'the server could not find the requested resource');
  return document;
}

const isHealth = (path: string): boolean => ['/readyz', '/livez', '/healthz'].includes(path);

function documentAt({ path, accept }: KubeRequest): KubeAnswer | undefined {
  const text = (body: string): KubeAnswer => ({ status: 200, headers: { 'content-type': 'application/json' }, body });
  switch (path.replace(/\/$/, '')) {
    case '/apis':
      return wantsAggregated(accept)
        ? jsonAnswer(200, aggregatedDiscovery, aggregatedType)
        : jsonAnswer(200, groupList);
    case `/apis/${group}`:
      return jsonAnswer(200, groupDocument);
    case root:
      return jsonAnswer(200, resourceList);
    case '/openapi/v2':
      return text(openapiV2);
    case '/openapi/v3':
      return text(openapiV3Index);
    case openapiV3Path:
      return text(openapiV3);
    default:
      return undefined;
  }
}

/** Every user may read the documents; of jobs what RBAC allows. */
async function jobsAnswer(
  context: KubeApiContext,
  request: KubeRequest,
  user: KubeUser,
  place: Place,
): Promise<KubeAnswer> {
  const verb = verbOf(request, place);
  await requireAccess(context.reviews, user, { verb, ...place });
  const { query, accept, signal } = request;
  const { namespace = '', name = '' } = place;
  if (verb === 'delete')
    return cancelAnswer(context, { namespace, name, by: user.name, query, body: await request.body() });
  const shown = representationFor(accept, query, () => context.clock.now());
  if (verb === 'get') return jsonAnswer(200, shown.one(await jobIn(context, namespace, name)));
  const common = { ...selectedIn(query, place), resourceVersion: query.get('resourceVersion') ?? '' };
  if (verb === 'watch') return watchAnswer(context, { ...common, ...watchIn(query) }, shown, signal);
  return listAnswer(context, { ...common, ...pageIn(query) }, shown);
}

function verbOf({ method, query }: KubeRequest, { name }: Place): 'get' | 'list' | 'watch' | 'delete' {
  if (method === 'DELETE' && name !== undefined) return 'delete';
  if (method !== 'GET') {
    const message = `${method} is not supported on ${resource}.${group}: jobs are read, and cancelled by their deletion`;
    throw new StatusError('MethodNotAllowed', message);
  }
  if (isTrue(query.get('watch'))) return 'watch';
  return name === undefined ? 'list' : 'get';
}

const isTrue = (text: string | null): boolean => text === 'true' || text === '1' || text === '';

/** The address of one job, with `watch`, selects it by its name. */
function selectedIn(query: URLSearchParams, { namespace, name }: Place): { selected: ReturnType<typeof selection> } {
  const byName = name === undefined ? '' : `metadata.name=${name},`;
  const [labelSelector, fieldSelector] = [query.get('labelSelector') ?? '', query.get('fieldSelector') ?? ''];
  return { selected: selection({ namespace, labelSelector, fieldSelector: `${byName}${fieldSelector}` }) };
}

/** Unless the client says when, a watch ends after a random time, so that not all begin again together. */
function watchIn(query: URLSearchParams): {
  sendInitialEvents: boolean;
  allowBookmarks: boolean;
  timeoutMs: number;
} {
  const seconds = numberIn(query, 'timeoutSeconds');
  return {
    sendInitialEvents: query.has('sendInitialEvents') && isTrue(query.get('sendInitialEvents')),
    allowBookmarks: query.has('allowWatchBookmarks') && isTrue(query.get('allowWatchBookmarks')),
    timeoutMs: Math.round((seconds === 0 ? 1_800 * (1 + Math.random()) : Math.min(seconds, maxTimeoutSeconds)) * 1_000),
  };
}

const maxTimeoutSeconds = 86_400;

const pageIn = (query: URLSearchParams): { limit: number; continue: string; isExact: boolean } => ({
  limit: numberIn(query, 'limit'),
  continue: query.get('continue') ?? '',
  isExact: query.get('resourceVersionMatch') === 'Exact',
});

function numberIn(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '0';
  if (!/^\d{1,12}$/.test(text)) throw new StatusError('BadRequest', `${name}=${text}: it is not a whole number`);
  return Number(text);
}
