// Keeps the certificate of the aggregated API in its secret, and the authority that the API server trusts in the APIService. The
// chart creates both objects; the operator only fills them in.

import { logEvent } from '../../job/logEvents/index.ts';
import type { Instant } from '../../job/time.ts';
import type { IssueCertificate } from '../../ports/certificates.ts';
import type { KubeObject, ResourceKey, ResourceType } from '../../ports/kubernetes.ts';
import type { OperatorContext } from '../context.ts';
import { type Secret, secretType } from '../resources/builtInKinds.ts';
import { encoded, entryOf } from '../resources/secretData.ts';
import type { Controller } from '../runtime/controller.ts';
import { authoritiesIn, backdatedBy, trustedAfter, validFor, whyRenew, type StoredCertificate } from './decide.ts';

export interface ServedApi {
  /** The APIService. */
  readonly name: string;
  readonly secret: string;
  readonly service: string;
  readonly issue: IssueCertificate;
}

/** Between two looks at the secret and the APIService, ms. */
const lookEvery = 60_000;
/** While one of them does not exist, ms. */
const lookAgain = 2_000;

const apiServiceType: ResourceType = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
};

export function servingCertificateController(api: ServedApi): (context: OperatorContext) => Controller {
  return (context) => {
    const key: ResourceKey = { namespace: context.namespace, name: api.secret };
    return {
      name: 'servingcertificate',
      start: async (enqueue) => enqueue(key),
      reconcile: () => keepCertificate(context, api, key),
    };
  };
}

async function keepCertificate(
  context: OperatorContext,
  api: ServedApi,
  key: ResourceKey,
): Promise<{ requeueAfterMs: number }> {
  const [secret, trusting] = await Promise.all([
    context.cluster.get<Secret>(secretType, key),
    context.cluster.get<ApiServiceObject>(apiServiceType, { namespace: '', name: api.name }),
  ]);
  if (secret === undefined || trusting === undefined) return { requeueAfterMs: lookAgain };
  const stored = storedIn(secret);
  const names = namesOf(api, key);
  const now = context.clock.now();
  const why = whyRenew(stored, names, now);
  if (why === undefined) await trust(context, api, trusting, stored.authorities);
  else await renew(context, api, { key, stored, names, trusting, why, now });
  return { requeueAfterMs: lookEvery };
}

const namesOf = ({ service }: ServedApi, { namespace }: ResourceKey): readonly string[] => [
  `${service}.${namespace}.svc`,
  `${service}.${namespace}.svc.cluster.local`,
];

interface Renewal {
  readonly key: ResourceKey;
  readonly stored: StoredCertificate;
  readonly names: readonly string[];
  readonly trusting: ApiServiceObject;
  readonly why: string;
  readonly now: Instant;
}

async function renew(
  context: OperatorContext,
  api: ServedApi,
  { key, stored, names, trusting, why, now }: Renewal,
): Promise<void> {
  const issued = await api.issue({ names, notBefore: now - backdatedBy, notAfter: now + validFor });
  const authorities = trustedAfter(issued.authority, stored, now);
  // First the trust, then the certificate: API processes use it as soon as it is in the secret.
  await trust(context, api, trusting, authorities);
  const entries = { 'tls.crt': issued.certificate, 'tls.key': issued.key, 'ca.crt': authorities };
  const data = Object.fromEntries(Object.entries(entries).map(([entry, pem]) => [entry, encoded(pem)]));
  await context.cluster.apply(secretType, { apiVersion: 'v1', kind: 'Secret', metadata: { ...key }, data });
  const fields = { resource: `${key.namespace}/${key.name}`, why };
  logEvent(context.logger, 'serving_certificate_renewed', fields, `Renewed the aggregated API's certificate: ${why}`);
}

async function trust(
  { cluster }: OperatorContext,
  { name }: ServedApi,
  trusting: ApiServiceObject,
  authorities: string,
): Promise<void> {
  const caBundle = encoded(authorities);
  if (trusting.spec?.caBundle === caBundle) return;
  const { group, version, kind } = apiServiceType;
  const metadata = { namespace: '', name };
  await cluster.apply(apiServiceType, { apiVersion: `${group}/${version}`, kind, metadata, spec: { caBundle } });
}

type ApiServiceObject = KubeObject<{ readonly caBundle?: string }>;

function storedIn(secret: Secret): StoredCertificate {
  return {
    certificate: entryOf(secret, 'tls.crt'),
    key: entryOf(secret, 'tls.key'),
    authorities: authoritiesIn(entryOf(secret, 'ca.crt')).join(''),
  };
}
