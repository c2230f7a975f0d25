// What a WorkerPool may say of its workers' pods, in the words of Kubernetes' own pod spec.

import { z } from 'zod';

const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** The name of a Secret and the like. */
export const objectName = z.string().min(1).max(253).regex(dnsName, 'is not the name of an object');

/** Parts that Kubernetes itself checks when the pods are made; their schema is not repeated here. */
const asInPodSpec = (what: string) => z.record(z.string(), z.unknown()).meta({ type: 'object', description: what });

const quantityForm =
  /^[+-]?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$/;
const quantity = z.union([
  z.int().min(0),
  z.string().max(32).regex(quantityForm, 'is not a quantity such as 500m or 1Gi'),
]);
const quantities = z
  .record(z.string().max(253), quantity)
  .refine((all) => Object.keys(all).length <= 16, 'are more than 16');

const resources = z.strictObject({
  requests: quantities.optional().describe('What the scheduler sets aside for a worker.'),
  limits: quantities.optional().describe('What a worker may use at most.'),
});

const toleration = z.strictObject({
  key: z.string().max(316).optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().max(63).optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z
    .int()
    .min(-(2 ** 31))
    .max(2 ** 31 - 1)
    .optional(),
});

/** They tell the worker its pool: the operator sets them, and a second value would win over it. */
export const reservedVariables = ['GENWARDEN_POOL', 'GENWARDEN_POOLS_FILE', 'GENWARDEN_DRAIN_TIMEOUT'] as const;

const variable = z.strictObject({
  name: z
    .string()
    .max(256)
    .regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, 'is not the name of an environment variable')
    .refine((name) => !reservedVariables.some((reserved) => reserved === name), 'is set by the operator'),
  value: z.string().max(32_768).optional(),
  valueFrom: asInPodSpec('Where the value comes from: a Secret, a ConfigMap, the pod.').optional(),
});

const texts = (most: number) =>
  z
    .record(z.string().max(316), z.string().max(most))
    .refine((all) => Object.keys(all).length <= 32, 'are more than 32');

export const podTemplate = z
  .strictObject({
    resources: resources.optional().describe('Processor and memory of a worker.'),
    nodeSelector: texts(63).optional().describe('Labels that a node must have; at most 32.'),
    tolerations: z.array(toleration).max(32).optional().describe('Taints that the workers bear.'),
    affinity: asInPodSpec('As in a pod’s spec.').optional(),
    topologySpreadConstraints: z.array(asInPodSpec('As in a pod’s spec.')).max(16).optional(),
    priorityClassName: objectName.optional().describe('The PriorityClass of the workers.'),
    env: z.array(variable).max(100).optional().describe('More environment variables of the worker.'),
    envFrom: z.array(asInPodSpec('As in a container’s spec.')).max(32).optional(),
    labels: texts(63).optional().describe('More labels of the pods; the operator’s own win.'),
    annotations: texts(8_192).optional().describe('More annotations of the pods.'),
    imagePullSecrets: z
      .array(z.strictObject({ name: objectName }))
      .max(16)
      .optional()
      .describe('Secrets to pull the image with.'),
  })
  .describe('What is special about the pods of this pool; the rest is the installation’s.');
