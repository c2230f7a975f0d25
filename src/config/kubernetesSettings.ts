// The settings for Kubernetes: whether the API accepts Kubernetes tokens, and which resources the operator reconciles.

import { z } from 'zod';
import { label, list, oneOf, path, url } from './forms.ts';
import { optional, optionalList, withDefault } from './setting.ts';

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
