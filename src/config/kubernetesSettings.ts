// The settings for Kubernetes: whether the API accepts Kubernetes tokens, and which resources the operator reconciles.

import { z } from 'zod';
import { label, list, matching, oneOf, path, port, url } from './forms.ts';
import { optional, optionalList, withDefault } from './setting.ts';

/** The name of a Helm release may have dots. */
const releaseName = matching(
  /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/,
  '1 to 63 lower-case letters, digits and inner - and .',
  'name',
);

const dnsName = matching(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'the name of a Kubernetes object', 'name');

export const kubernetesSettings = z.object({
  auth: withDefault(oneOf('on', 'off'), 'off', {
    name: 'AUTH_KUBERNETES',
    description:
      '`on` accepts Kubernetes tokens and authorizes them by their rights on the custom resources; the namespace is the tenant',
    usedBy: ['api'],
  }),
  url: optional(url('https:', 'http:'), {
    name: 'KUBERNETES_URL',
    description: 'Address of the Kubernetes API server that verifies tokens (unset: in a pod, that of its cluster)',
    usedBy: ['api'],
  }),
  ca: optional(path, {
    name: 'KUBERNETES_CA',
    description: "PEM file of the CA that signed the Kubernetes API server's certificate",
    usedBy: ['api'],
  }),
  namespace: optional(label, {
    name: 'NAMESPACE',
    description: 'Namespace of the installation (unset: in a pod, that of the pod; otherwise `default`)',
    usedBy: ['api', 'operator'],
  }),
  installation: optional(releaseName, {
    name: 'INSTALLATION',
    description:
      'Name of the installation in its namespace (the chart sets it); GenerationJobs carry both, so that no other installation runs them too',
    usedBy: ['operator'],
  }),
  watchNamespaces: optionalList(list(label), {
    name: 'WATCH_NAMESPACES',
    description: 'Namespaces in which the operator runs GenerationJobs (unset: all)',
    usedBy: ['operator'],
  }),
  defaultPoolFile: optional(path, {
    name: 'DEFAULT_POOL_FILE',
    description: 'JSON file with the WorkerPool that the operator creates when it starts and whenever the file changes',
    usedBy: ['operator'],
  }),
  workerTemplateFile: optional(path, {
    name: 'WORKER_TEMPLATE_FILE',
    description: 'JSON file with the pod template for the workers of each WorkerPool',
    usedBy: ['operator'],
  }),
  jobsApi: z.object({
    secret: optional(dnsName, {
      name: 'JOBS_API_SECRET',
      description:
        'Secret of the installation with the certificate of the aggregated API, which serves `kubectl get jobs.genwarden.dev` (unset: off)',
      usedBy: ['api', 'operator'],
    }),
    port: withDefault(port, '8443', {
      name: 'JOBS_API_PORT',
      description: 'TLS port of the aggregated API',
      usedBy: ['api'],
    }),
    service: optional(label, {
      name: 'JOBS_API_SERVICE',
      description:
        'Service of the aggregated API: the operator makes the certificate for it (unset: another tool does)',
      usedBy: ['operator'],
    }),
  }),
});
