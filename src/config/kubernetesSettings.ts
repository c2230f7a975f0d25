// The settings that tie Genwarden to a cluster: tokens that the API takes, and what the operator works on.

import { z } from 'zod';
import { label, list, oneOf, path, url } from './forms.ts';
import { optional, optionalList, withDefault } from './setting.ts';

export const kubernetesSettings = z.object({
  auth: withDefault(oneOf('on', 'off'), 'off', {
    name: 'AUTH_KUBERNETES',
    description:
      '`on` lets in Kubernetes tokens, as far as their rights on the custom resources go; namespace is tenant',
    usedBy: ['api'],
  }),
  url: optional(url('https:', 'http:'), {
    name: 'KUBERNETES_URL',
    description: "The Kubernetes API server that is asked about tokens; in a pod its own cluster's",
    usedBy: ['api'],
  }),
  ca: optional(path, {
    name: 'KUBERNETES_CA',
    description: "PEM file of the authority that signed the Kubernetes API server's certificate",
    usedBy: ['api'],
  }),
  namespace: optional(label, {
    name: 'NAMESPACE',
    description: "The installation's namespace; in a pod the pod's own, elsewhere `default`",
    usedBy: ['api', 'operator'],
  }),
  watchNamespaces: optionalList(list(label), {
    name: 'WATCH_NAMESPACES',
    description: 'Namespaces whose GenerationJobs are run; all where unset',
    usedBy: ['operator'],
  }),
  defaultPoolFile: optional(path, {
    name: 'DEFAULT_POOL_FILE',
    description: 'JSON file with the WorkerPool that the operator makes first, and again whenever the file changes',
    usedBy: ['operator'],
  }),
  workerTemplateFile: optional(path, {
    name: 'WORKER_TEMPLATE_FILE',
    description: 'JSON file with the pod template that the operator makes the workers of each WorkerPool from',
    usedBy: ['operator'],
  }),
});
