// The two questions of Kubernetes that need no rights: who am I (SelfSubjectReview), and may I (SelfSubjectAccessReview).
// Every authenticated user may ask them, by the cluster role system:basic-user.

import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import { unavailable, type ApiServer, type ApiServerAnswer } from './apiServer.ts';

export interface KubernetesUser {
  readonly name: string;
  /** Of a service account: its own. */
  readonly namespace: string | undefined;
}

export interface Right {
  readonly verb: 'list' | 'create' | 'update' | 'delete';
  readonly resource: 'generationjobs' | 'workerpools';
}

/** What belongs to the installation, and not to a tenant, is read with this. */
export const seesInstallation: Right = { verb: 'list', resource: 'workerpools' };

export interface PlacedRight extends Right {
  /** Undefined: in all namespaces. */
  readonly namespace: string | undefined;
}

export interface Reviews {
  /** Undefined for a token that the API server does not know (any more). Throws `KubernetesUnavailable` or `Forbidden`. */
  who(token: string): Promise<KubernetesUser | undefined>;
  /** Throws `KubernetesUnavailable`, and `Unauthorized` for a token that is no longer known. */
  may(token: string, right: PlacedRight): Promise<boolean>;
}

const who = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const may = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' };

const whoAnswer = z.object({ status: z.object({ userInfo: z.object({ username: z.string().min(1).max(1_024) }) }) });
const mayAnswer = z.object({ status: z.object({ allowed: z.boolean(), denied: z.boolean().optional() }) });

export function reviews(server: Pick<ApiServer, 'post'>): Reviews {
  return {
    async who(token) {
      const answer = await server.post(`/apis/${who.apiVersion}/selfsubjectreviews`, token, who);
      if (answer.status === 401) return undefined;
      return userNamed(read(answer, whoAnswer, who.kind).status.userInfo.username);
    },
    async may(token, { verb, resource, namespace }) {
      const resourceAttributes = {
        group: 'genwarden.dev',
        resource,
        verb,
        ...(namespace === undefined ? {} : { namespace }),
      };
      const body = { ...may, spec: { resourceAttributes } };
      const answer = await server.post(`/apis/${may.apiVersion}/selfsubjectaccessreviews`, token, body);
      if (answer.status === 401) throw new GenwardenError('Unauthorized', 'The token is no longer valid');
      const { allowed, denied } = read(answer, mayAnswer, may.kind).status;
      return allowed && denied !== true;
    },
  };
}

/** Without credentials that it knows, a request may still be `system:anonymous`: that is nobody. */
function userNamed(name: string): KubernetesUser | undefined {
  if (name === 'system:anonymous') return undefined;
  return { name, namespace: /^system:serviceaccount:([^:]+):/.exec(name)?.[1] };
}

function read<T>({ status, body }: ApiServerAnswer, schema: z.ZodType<T>, kind: string): T {
  if (status === 403) {
    const message = `The token's user may not ask for a ${kind}: bind the cluster role system:basic-user`;
    throw new GenwardenError('Forbidden', message);
  }
  if (status === 404) throw unavailable(`it has no ${kind}: Kubernetes 1.28 or newer is needed`);
  if (status !== 200 && status !== 201) throw unavailable(`it answered ${status} to a ${kind}`);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw unavailable(`its answer is no ${kind}`);
  return parsed.data;
}
