// The part of a pod template that a WorkerPool may set for its workers, with the field names of the Kubernetes pod spec.

import { z } from 'zod';
import { labelKeyProblem } from '../../jobs/submit/labels.ts';

const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** The name of a Secret or another object. */
export const objectName = z.string().min(1).max(253).regex(dnsName, 'is not the name of an object');

/** Server-side apply merges such a list by the key of its entries. */
const mapKeyedBy = (key: string) => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
});

/** Fields that Kubernetes validates when it creates the pods; their schema is not repeated here. */
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
  requests: quantities.optional().describe('Resources that the scheduler reserves for a worker.'),
  limits: quantities.optional().describe('The maximum resources of a worker.'),
});

const toleration = z.strictObject({
  key: z.string().max(316).optional().describe('The key of the taint. Absent, with Exists: every taint.'),
  operator: z.enum(['Exists', 'Equal']).optional().describe('Default: Equal.'),
  value: z.string().max(63).optional().describe('The value of the taint, with Equal.'),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .optional()
    .describe('The effect of the taint. Absent: every effect.'),
  tolerationSeconds: z
    .int()
    .min(-(2 ** 31))
    .max(2 ** 31 - 1)
    .optional()
    .describe('With NoExecute: how long a worker stays on the node. Absent: without limit.'),
});

/** The operator sets these to configure the worker; a second value would override its own. */
export const reservedVariables = ['GENWARDEN_POOL', 'GENWARDEN_POOLS_FILE', 'GENWARDEN_DRAIN_TIMEOUT'] as const;

const variable = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, 'is not the name of an environment variable')
    .refine((name) => !reservedVariables.some((reserved) => reserved === name), 'is set by the operator')
    .describe(`Any name except ${reservedVariables.join(', ')}, which the operator sets.`),
  value: z.string().max(32_768).optional().describe('The value.'),
  valueFrom: asInPodSpec('The source of the value: a Secret, a ConfigMap or a field of the pod.').optional(),
});

/** Labels and annotations: at most 32, with keys in the format of Kubernetes. */
export const keyed = <Value extends z.ZodType<string>>(value: Value) =>
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

export const labelValue = z
  .string()
  .max(63)
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, 'is no label value');

export const podTemplate = z
  .strictObject({
    resources: resources.optional().describe('CPU and memory of a worker.'),
    nodeSelector: keyed(labelValue).optional().describe('Labels that a node must have, at most 32.'),
    tolerations: z.array(toleration).max(32).optional().describe('Taints that the workers tolerate.'),
    affinity: asInPodSpec('Affinity to nodes and pods, as in a pod spec.').optional(),
    topologySpreadConstraints: z
      .array(asInPodSpec('As in a pod spec.'))
      .max(16)
      .optional()
      .describe('How the workers are spread across nodes and zones.'),
    priorityClassName: objectName.optional().describe('The PriorityClass of the workers.'),
    env: z
      .array(variable)
      .max(100)
      .meta(mapKeyedBy('name'))
      .optional()
      .describe('Additional environment variables of the worker.'),
    envFrom: z
      .array(asInPodSpec('As in a container spec.'))
      .max(32)
      .optional()
      .describe('Secrets and ConfigMaps whose keys become environment variables.'),
    labels: keyed(labelValue)
      .optional()
      .describe('Additional labels of the pods. Labels that the operator sets take precedence.'),
    annotations: keyed(z.string().max(8_192)).optional().describe('Additional annotations of the pods.'),
    imagePullSecrets: z
      .array(z.strictObject({ name: objectName.describe("A Secret in the pool's namespace.") }))
      .max(16)
      .optional()
      .describe('Secrets for pulling the image.'),
  })
  .describe("Settings for the pods of this pool, laid over the installation's pod template.");
