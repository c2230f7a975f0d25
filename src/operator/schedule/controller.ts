// The controller of GenerationSchedules: watches them and the GenerationJobs that they own, while it leads.

import type { Controller, Enqueue } from '../runtime/controller.ts';
import type { OperatorContext } from '../context.ts';
import type { GenerationJob } from '../resources/generationJob.ts';
import type { GenerationSchedule } from '../resources/generationSchedule.ts';
import { generationJobType, generationScheduleType } from '../resources/kinds.ts';
import { scheduleLabel } from './names.ts';
import { reconcileSchedule, type ScheduleInformers } from './reconciler.ts';

export function generationScheduleController(context: OperatorContext): Controller {
  let informers: ScheduleInformers | undefined;
  return {
    name: 'generationschedule',
    start: async (enqueue, signal) => {
      informers = await startInformers(context, enqueue, signal);
    },
    reconcile: async (key) => {
      // The sources enqueue keys while they are still being read.
      if (informers === undefined) return { requeueAfterMs: 100 };
      const requeueAfterMs = await reconcileSchedule(context, informers, key);
      return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
    },
  };
}

async function startInformers(
  { startInformer, watchNamespaces: namespaces }: OperatorContext,
  enqueue: Enqueue,
  signal: AbortSignal,
): Promise<ScheduleInformers> {
  const enqueueObject = ({ metadata: { namespace, name } }: GenerationSchedule): void => enqueue({ namespace, name });
  const enqueueOwner = ({ metadata: { namespace, ownerReferences = [] } }: GenerationJob): void => {
    for (const { kind, name } of ownerReferences)
      if (kind === generationScheduleType.kind) enqueue({ namespace, name });
  };
  const schedules = startInformer<GenerationSchedule>({
    type: generationScheduleType,
    namespaces,
    onChange: enqueueObject,
    signal,
  });
  const jobs = startInformer<GenerationJob>({
    type: generationJobType,
    namespaces,
    labelSelector: scheduleLabel,
    onChange: enqueueOwner,
    signal,
  });
  await Promise.all([schedules.untilSynced(), jobs.untilSynced()]);
  return { schedules, jobs };
}
