// What a WorkerPool may say of its workers' pods, in the words of Kubernetes' own pod spec.

import { z } from 'zod';
import { labelKeyProblem } from '../../jobs/submit/labels.ts';

const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** The name of a Secret and the like. */
export const objectName = z.string().min(1).max(253).regex(dnsName, 'is not the name of an object');

/** Server-side apply merges such a list by its entries' key. */
const mapKeyedBy = (key: string) => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
});

/** Parts that Kubernetes itself checks when the pods are made; their schema is not repeated here. */
const asInPodSpec = (what: string) => z.record(z.string(), z.unknown()).meta({ type: 'object', description: what });

const quantityForm =
  /^\+?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$/;
const quantity = z.union([
  z.int().min(0),
  z.string().max(32).regex(quantityForm, 'is not a quantity such as 500m or 1Gi'),
]);
const quantities = z
  .record(z.string().max(253), quantity)
  .refine((all) => Object.keys(all).length <= 16, 'are more than 16')
  .meta({ maxProperties: 16 });

const resources = z.strictObject({
  requests: quantities.optional().describe('What the scheduler sets aside for a worker.'),
  limits: quantities.optional().describe('What a worker may use at most.'),
});

const toleration = z.strictObject({
  key: z.string().max(316).optional().describe("The taint's key; absent with Exists: every taint."),
  operator: z.enum(['Exists', 'Equal']).optional().describe('Default: Equal.'),
  value: z.string().max(63).optional().describe("The taint's value, with Equal."),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional().describe('Absent: every effect.'),
  tolerationSeconds: z
    .int()
    .min(-(2 ** 31))
    .max(2 ** 31 - 1)
    .optional()
    .describe('With NoExecute: how long a worker stays; absent: for ever.'),
});

/** They tell the worker its pool: the operator sets them, and a second value would win over it. */
export const reservedVariables = ['GENWARDEN_POOL', 'GENWARDEN_POOLS_FILE', 'GENWARDEN_DRAIN_TIMEOUT'] as const;

const variable = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, 'is not the name of an environment variable')
    .refine((name) => !reservedVariables.some((reserved) => reserved === name), 'is set by the operator')
    .describe(`Any but ${reservedVariables.join(', ')}, which the operator sets.`),
  value: z.string().max(32_768).optional().describe('The value itself.'),
  valueFrom: asInPodSpec('Where the value comes from: a Secret, a ConfigMap, the pod.').optional(),
});

/** Labels and annotations: at most 32, with keys of the form that Kubernetes asks for. */
const keyed = <Value extends z.ZodType<string>>(value: Value) =>
  z
    .record(z.string(), value)
    .refine((all) => Object.keys(all).length <= 32, 'are more than 32')
    .superRefine((all, context) => {
      for (const key of Object.keys(all)) {
        const message = labelKeyProblem(key);
        if (message !== undefined) context.addIssue({ code: 'custom', path: [key], message });
      }
    })
    .meta({ maxProperties: 32 });

const labelValue = z
  .string()
  .max(63)
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, 'is no label value');

export const podTemplate = z
  .strictObject({
    resources: resources.optional().describe('Processor and memory of a worker.'),
    nodeSelector: keyed(labelValue).optional().describe('Labels that a node must have; at most 32.'),
    tolerations: z.array(toleration).max(32).optional().describe('Taints that the workers bear.'),
    affinity: asInPodSpec("Which nodes and neighbours the workers want, as in a pod's spec.").optional(),
    topologySpreadConstraints: z
      .array(asInPodSpec("As in a pod's spec."))
      .max(16)
      .optional()
      .describe('How the workers are spread over nodes and zones.'),
    priorityClassName: objectName.optional().describe('The PriorityClass of the workers.'),
    env: z
      .array(variable)
      .max(100)
      .meta(mapKeyedBy('name'))
      .optional()
      .describe('More environment variables of the worker.'),
    envFrom: z
      .array(asInPodSpec("As in a container's spec."))
      .max(32)
      .optional()
      .describe('Secrets and ConfigMaps whose entries become environment variables.'),
    labels: keyed(labelValue).optional().describe("More labels of the pods; the operator's own win."),
    annotations: keyed(z.string().max(8_192)).optional().describe('More annotations of the pods.'),
    imagePullSecrets: z
      .array(z.strictObject({ name: objectName.describe("A Secret in the pool's namespace.") }))
      .max(16)
      .optional()
      .describe('Secrets to pull the image with.'),
  })
  .describe("What is special about the pods of this pool; the rest is the installation's.");
