// The body of the submit that a GenerationJob stands for.

import type { SubmitBody } from '../../jobs/submit/body.ts';
import type { ObjectMeta } from '../../ports/kubernetes.ts';
import type { GenerationJobSpec } from '../resources/generationJob.ts';
import { jobLabels } from './labels.ts';

/** The labels are those of the moment: the resource's may change, the job's do not. */
export function submitBodyOf(spec: GenerationJobSpec, { labels }: Pick<ObjectMeta, 'labels'>): SubmitBody {
  const { kind, pool, priority, model, input, tasks, policy, jobMetadata: metadata } = spec;
  const given = { model, input, tasks, policy, metadata };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { kind, pool, priority, labels: jobLabels(labels), ...present };
}
