// The file that says what the installation's first WorkerPool is.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import { apiVersion, workerPoolType } from '../resources/kinds.ts';
import { workerPoolSpec } from '../resources/workerPool.ts';

const labels = z.record(z.string(), z.string()).default({});

const defaultPool = z.strictObject({
  /** A ConfigMap of the same namespace with which the pool goes. */
  ownerConfigMap: z.string().min(1).optional(),
  pool: z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(workerPoolType.kind),
    metadata: z.strictObject({ name: z.string().min(1), labels, annotations: labels }),
    // As it stands, without defaults: those are the API server's to fill in.
    spec: z.custom<object>().superRefine((spec, context) => {
      for (const { path, message } of workerPoolSpec.safeParse(spec).error?.issues ?? [])
        context.addIssue({ code: 'custom', path: [...path], message });
    }),
  }),
});

export type DefaultPool = z.infer<typeof defaultPool>;

/** Throws `InvalidConfiguration` with every problem and its place. */
export function readDefaultPool(path: string): DefaultPool {
  const problems: string[] = [];
  try {
    const parsed = defaultPool.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return parsed.data;
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  throw new GenwardenError('InvalidConfiguration', `GENWARDEN_DEFAULT_POOL_FILE=${path}: ${problems.join('; ')}`, {
    details: { problems },
  });
}
