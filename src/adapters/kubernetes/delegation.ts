// What the aggregated API asks of the API server, with the token of the pod's service account: SubjectAccessReviews, the front
// proxy's authority, and the secret with the certificate.

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import type { ApiDelegation } from '../../ports/apiDelegation.ts';
import { KubeError } from '../../ports/kubernetes.ts';
import { mountedAccount } from './podEnvironment.ts';
import { accessAnswer, openPodHttp, type PodHttpOptions } from './podHttp.ts';

export interface DelegationOptions extends PodHttpOptions {
  readonly namespace: string;
  /** The secret with `tls.crt` and `tls.key`. */
  readonly secret: string;
  /** Renewed by the kubelet. */
  readonly tokenFile?: string;
}

const frontProxyMap = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
const accessReview = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' };

const names = z.string().transform((text, context): string[] => {
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'is not a JSON list of texts' });
    return z.NEVER;
  }
});
const headers = names.transform((list) => list.map((name) => name.toLowerCase())).default([]);

const proxyAnswer = z.object({
  data: z.object({
    'requestheader-client-ca-file': z.string().min(1),
    'requestheader-allowed-names': names.default([]),
    'requestheader-username-headers': headers,
    'requestheader-uid-headers': headers,
    'requestheader-group-headers': headers,
    'requestheader-extra-headers-prefix': headers,
  }),
});

const secretAnswer = z.object({ data: z.record(z.string(), z.string()).nullish() });

export function openDelegation(options: DelegationOptions): ApiDelegation {
  const { namespace, secret, tokenFile = `${mountedAccount}/token` } = options;
  const http = openPodHttp(options, { maxBodyBytes: 4 * 1_048_576 });
  const token = async (): Promise<string> => (await readFile(tokenFile, 'utf8')).trim();
  const get = async (path: string): Promise<unknown> => http.request({ method: 'GET', path, token: await token() });
  return {
    async isAllowed({ name: user, uid, groups, extra }, { name, namespace: where, ...access }) {
      const resourceAttributes = { ...access, ...(name && { name }), ...(where && { namespace: where }) };
      const spec = { user, ...(uid && { uid }), groups, extra, resourceAttributes };
      try {
        const path = `/apis/${accessReview.apiVersion}/subjectaccessreviews`;
        const body = { ...accessReview, spec };
        const request = { method: 'POST', path, body, contentType: 'application/json', token: await token() } as const;
        return accessAnswer.parse(await http.request(request));
      } catch (error) {
        const message = `The Kubernetes API server could not review the user's access: ${(error as Error).message}`;
        throw new GenwardenError('KubernetesUnavailable', message, { cause: error });
      }
    },
    async frontProxy() {
      const parsed = proxyAnswer.safeParse(await get(frontProxyMap));
      if (!parsed.success) throw new KubeError(0, 'NoFrontProxy', noFrontProxy);
      const { data } = parsed.data;
      return {
        clientCa: data['requestheader-client-ca-file'],
        allowedNames: data['requestheader-allowed-names'],
        userHeaders: data['requestheader-username-headers'],
        uidHeaders: data['requestheader-uid-headers'],
        groupHeaders: data['requestheader-group-headers'],
        extraPrefixes: data['requestheader-extra-headers-prefix'],
      };
    },
    async servingCertificate() {
      const { data } = secretAnswer.parse(await get(`/api/v1/namespaces/${namespace}/secrets/${secret}`));
      const [certificate = '', key = ''] = ['tls.crt', 'tls.key'].map((entry) =>
        Buffer.from(data?.[entry] ?? '', 'base64').toString(),
      );
      return certificate === '' || key === '' ? undefined : { certificate, key };
    },
    close: () => http.close(),
  };
}

const noFrontProxy =
  'The ConfigMap kube-system/extension-apiserver-authentication has no requestheader-client-ca-file: the API server runs without an aggregation layer';
