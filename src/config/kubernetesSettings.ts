// The settings for Kubernetes: whether the API accepts Kubernetes tokens, and which resources the operator reconciles.

import { z } from 'zod';
import { label, list, matching, oneOf, path, url } from './forms.ts';
import { optional, optionalList, withDefault } from './setting.ts';

/** The name of a Helm release may have dots. */
const releaseName = matching(
  /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/,
  '1 to 63 lower-case letters, digits and inner - and .',
  'name',
);

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
});
