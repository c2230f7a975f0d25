// The controller of GenerationSchedules on fakes, and GenerationJobs whose ends the tests decide.
import type { OperatorContext } from '../../../../src/operator/context.ts';
import { generationScheduleController } from '../../../../src/operator/schedule/controller.ts';
import type { GenerationJob } from '../../../../src/operator/resources/generationJob.ts';
import type { GenerationSchedule } from '../../../../src/operator/resources/generationSchedule.ts';
import { generationJobType, generationScheduleType } from '../../../../src/operator/resources/kinds.ts';
import { fakeWorld, runController, type World } from '../harness.ts';

export { start, type World } from '../harness.ts';

const key = { namespace: 'shop', name: 'nightly' };
const job = { kind: 'image', pool: 'default', priority: 'normal', input: { prompt: 'a yard' } };

export const minute = 60_000;
export const hour = 60 * minute;

export async function aSchedule(spec: object = {}, context: Partial<OperatorContext> = {}) {
  const world = fakeWorld();
  put(world, spec);
  return { world, ...(await anOperator(world, context)) };
}

export const anOperator = async (world: World, context: Partial<OperatorContext> = {}) => ({
  operator: await runController(world, generationScheduleController, { context, stepMs: minute }),
});

/** As a user creates or changes it, with the defaults of the schema. */
export const put = (world: World, spec: object = {}): GenerationSchedule =>
  world.cluster.put<GenerationSchedule>(generationScheduleType, {
    metadata: key,
    spec: { schedule: '0 * * * *', jobTemplate: { metadata: { labels: { project: 'p42' } }, spec: job }, ...spec },
  });

export const schedule = ({ cluster }: World): GenerationSchedule =>
  cluster.peek<GenerationSchedule>(generationScheduleType, key)!;

export const jobs = ({ cluster }: World): GenerationJob[] =>
  cluster
    .all<GenerationJob>(generationJobType)
    .toSorted((one, two) => (one.metadata.name < two.metadata.name ? -1 : 1));

export const created = ({ cluster }: World): string[] =>
  cluster.calls.filter(({ verb }) => verb === 'create').map(({ name }) => name!);

/** Ends the job of a resource as the controller of GenerationJobs would. */
export function finish({ cluster, clock }: World, { metadata }: GenerationJob, how: 'succeeded' | 'failed'): void {
  const now = new Date(clock.now()).toISOString();
  const condition = (type: string, is: boolean) => ({
    type,
    status: is ? 'True' : 'False',
    reason: 'Ended',
    message: '',
    lastTransitionTime: now,
  });
  cluster.setStatus(generationJobType, metadata, {
    state: how,
    completionTime: now,
    conditions: [
      condition('Complete', how === 'succeeded'),
      condition('Failed', how === 'failed'),
      condition('Finished', true),
    ],
  });
}
