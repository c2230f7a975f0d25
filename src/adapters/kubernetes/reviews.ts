// SelfSubjectReview and SelfSubjectAccessReview, asked with the caller's own token: every authenticated user may ask them, by
// the cluster role system:basic-user.

import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import { KubeError } from '../../ports/kubernetes.ts';
import type { KubernetesReviews, KubernetesUser } from '../../ports/kubernetesReviews.ts';
import { accessAnswer, openPodHttp, type PodHttpOptions } from './podHttp.ts';

const userReview = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const accessReview = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' };

const userAnswer = z.object({ status: z.object({ userInfo: z.object({ username: z.string().min(1).max(1_024) }) }) });

export function openReviews(options: PodHttpOptions): KubernetesReviews & { close(): void } {
  // A review is a few hundred bytes.
  const http = openPodHttp(options, { maxBodyBytes: 1_048_576 });
  const post = (token: string, path: string, body: object): Promise<unknown> =>
    http.request({ method: 'POST', path, token, body, contentType: 'application/json' });
  return {
    async userOf(token) {
      const path = `/apis/${userReview.apiVersion}/selfsubjectreviews`;
      const answer = await post(token, path, userReview).catch((error: unknown) => {
        if (isUnauthorized(error)) return undefined;
        throw reviewError(error, userReview.kind);
      });
      return answer === undefined
        ? undefined
        : userNamed(parse(answer, userAnswer, userReview.kind).status.userInfo.username);
    },
    async isAllowed(token, { verb, resource, namespace }) {
      const path = `/apis/${accessReview.apiVersion}/selfsubjectaccessreviews`;
      const where = namespace === undefined ? {} : { namespace };
      const resourceAttributes = { group: 'genwarden.dev', resource, verb, ...where };
      const answer = await post(token, path, { ...accessReview, spec: { resourceAttributes } }).catch(
        (error: unknown) => {
          throw isUnauthorized(error)
            ? new GenwardenError('Unauthorized', 'The token is no longer valid')
            : reviewError(error, accessReview.kind);
        },
      );
      return parse(answer, accessAnswer, accessReview.kind);
    },
    close: () => http.close(),
  };
}

const isUnauthorized = (error: unknown): boolean => error instanceof KubeError && error.status === 401;

/** An API server that allows anonymous requests answers an unknown token as `system:anonymous`. */
function userNamed(name: string): KubernetesUser | undefined {
  if (name === 'system:anonymous') return undefined;
  return { name, namespace: /^system:serviceaccount:([^:]+):/.exec(name)?.[1] };
}

function reviewError(error: unknown, kind: string): GenwardenError {
  const { status, message } = error as KubeError;
  if (status === 403) {
    const why = `The token's user may not create a ${kind}: bind the cluster role system:basic-user to the user`;
    return new GenwardenError('Forbidden', why);
  }
  if (status === 404) return unavailable(`it does not have ${kind}; Kubernetes 1.28 or newer is required`, error);
  return unavailable(status === 0 ? message : `it answered ${status} to a ${kind}`, error);
}

function parse<T>(answer: unknown, schema: z.ZodType<T>, kind: string): T {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw unavailable(`its answer is not a ${kind}`);
  return parsed.data;
}

/** `why` never contains a token: neither Node's errors nor the statuses of the API server do. */
function unavailable(why: string, cause?: unknown): GenwardenError {
  const message = `The Kubernetes API server could not check the token: ${why}`;
  return new GenwardenError('KubernetesUnavailable', message, { cause });
}
