// A fake Kubernetes API server over HTTP that answers SelfSubjectReview and SelfSubjectAccessReview as a real one does, and
// nothing else.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { json } from 'node:stream/consumers';
import { FakeServer } from './fakeServer.ts';

interface FakeRule {
  readonly verbs: readonly string[];
  readonly resource: string;
  /** Absent: in all namespaces. */
  readonly namespace?: string;
}

export interface FakeUser {
  readonly username: string;
  readonly rules: readonly FakeRule[];
}

interface Attributes {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
}

interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: { readonly resourceAttributes: Attributes };
}

export class FakeReviews extends FakeServer {
  /** By token. Tests may change it at any time. */
  readonly users = new Map<string, FakeUser>();
  /** The kind of every review that was requested. */
  readonly asked: string[] = [];
  /** Makes every answer this status, or withholds answers. */
  broken: number | 'silent' | undefined;
  readonly #scheme: string;

  private constructor(tls: { readonly key: string; readonly cert: string } | undefined) {
    super(tls === undefined ? undefined : (answer) => createServer(tls, answer));
    this.#scheme = tls === undefined ? 'http' : 'https';
  }

  static async start(tls?: { readonly key: string; readonly cert: string }): Promise<FakeReviews> {
    const fake = new FakeReviews(tls);
    await fake.listen(0);
    return fake;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const review = (await json(request)) as Review;
    this.asked.push(review.kind);
    if (this.broken === 'silent') return;
    const send = (status: number, body: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (this.broken !== undefined) return send(this.broken, statusOf(this.broken, 'InternalError'));
    const user = this.users.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
    if (user === undefined) return send(401, statusOf(401, 'Unauthorized'));
    switch (`${request.method} ${request.url}`) {
      case 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews':
        return send(201, whoIs(review, user));
      case 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews':
        return send(201, mayDo(review, user));
      default:
        return send(404, statusOf(404, 'NotFound'));
    }
  }
}

function whoIs({ apiVersion, kind }: Review, { username }: FakeUser): object {
  const userInfo = { username, uid: '1', groups: ['system:authenticated'], extra: { key: ['value'] } };
  return { kind, apiVersion, metadata: { creationTimestamp: '2026-01-01T00:00:00Z' }, status: { userInfo } };
}

function mayDo({ apiVersion, kind, spec }: Review, { rules }: FakeUser): object {
  const { group, resource, verb, namespace } = spec!.resourceAttributes;
  const fits = (rule: FakeRule): boolean =>
    rule.resource === resource &&
    rule.verbs.includes(verb) &&
    (rule.namespace === undefined || rule.namespace === namespace);
  const allowed = group === 'genwarden.dev' && rules.some(fits);
  return { kind, apiVersion, metadata: {}, spec, status: { allowed, ...(allowed ? { reason: 'RBAC: allowed' } : {}) } };
}

const statusOf = (code: number, reason: string): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: reason,
  reason,
  code,
});
