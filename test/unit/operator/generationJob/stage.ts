// The controller of GenerationJobs on fakes, and what users and workers do to its resources and jobs.
import { jobIdOfOwner } from '../../../../src/jobs/submit/index.ts';
import type { StatusWrite, TaskState } from '../../../../src/job/task.ts';
import { cancelled, claimed, failed, newRun, succeeded } from '../../../../src/job/transitions.ts';
import { generationJobController } from '../../../../src/operator/generationJob/controller.ts';
import type { ResourceKey } from '../../../../src/ports/kubernetes.ts';
import type { OperatorContext } from '../../../../src/operator/context.ts';
import type { GenerationJob } from '../../../../src/operator/resources/generationJob.ts';
import { generationJobType } from '../../../../src/operator/resources/kinds.ts';
import { fakeWorld, runController, type Operator, type World } from '../harness.ts';

export { retentionMs, start, type Operator, type World } from '../harness.ts';

export const aPool = (name = 'default') => ({
  name,
  provider: 'gemini',
  models: { image: ['gemini-3.1-flash-image'], text: ['gemini-2.5-flash'] },
  policy: {},
});

export async function aWorld(): Promise<World> {
  const world = fakeWorld();
  await world.pools.declare(aPool());
  return world;
}

export const anOperator = (world: World, context: Partial<OperatorContext> = {}): Promise<Operator> =>
  runController(world, generationJobController, { context });

export const key = (name: string, namespace = 'shop'): ResourceKey => ({ namespace, name });

/** A resource as a user creates it, with the schema's defaults. */
export function create(world: World, name: string, spec: object = {}, metadata: object = {}): GenerationJob {
  const body = { kind: 'image', pool: 'default', priority: 'normal', input: { prompt: 'a yard' } };
  return world.cluster.put<GenerationJob>(generationJobType, {
    metadata: { ...key(name), ...metadata },
    spec: { ...body, ttlSecondsAfterFinished: 86_400, ...spec },
  });
}

/** A world with one resource that a running operator has reconciled. */
export async function reconciled(name = 'yard', spec: object = {}, metadata: object = {}) {
  const world = await aWorld();
  const operator = await anOperator(world);
  const resource = create(world, name, spec, metadata);
  await operator.settle();
  return { world, operator, resource };
}

export const peek = (world: World, name: string, namespace = 'shop'): GenerationJob | undefined =>
  world.cluster.peek<GenerationJob>(generationJobType, key(name, namespace));

/** `Accepted=True Submitted`, by type. */
export function conditions(resource: GenerationJob | undefined): Record<string, string> {
  const all = resource?.status?.conditions ?? [];
  return Object.fromEntries(all.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

export const statusWrites = ({ cluster }: World): number =>
  cluster.calls.filter(({ verb }) => verb === 'applyStatus').length;

/** What workers and others write to the job of a resource. */
export function hands({ log, clock }: World, resource: GenerationJob) {
  const job = jobIdOfOwner(resource.metadata.uid);
  const last = async (task: number): Promise<TaskState> => (await log.read(job))!.tasks[task]!.last.state;
  const write = (state: StatusWrite['state'], message: string): void => void log.append(state, { message });
  const running = async (task: number) => {
    const state = await last(task);
    if (state.state !== 'running') throw new Error(`task ${task} is ${state.state}`);
    return state;
  };
  return {
    job,
    read: () => log.read(job),
    async claim(task = 0) {
      const state = await last(task);
      if (state.state !== 'queued') throw new Error(`task ${task} is ${state.state}`);
      write(claimed(state, 'worker-1', 1, clock.now()), 'Claimed');
    },
    succeed: async (task = 0) => write(succeeded(await running(task), clock.now()), 'Succeeded'),
    fail: async (
      task = 0,
      code: 'AttemptTimeout' | 'InvalidRequest' = 'AttemptTimeout',
      message = 'It took too long',
    ) => write(failed(await running(task), code as never, clock.now()), message),
    cancel: async (task = 0) => write(cancelled(await running(task), clock.now()), 'Cancelled by somebody'),
    async retry(task = 0) {
      const record = (await log.read(job))!.tasks[task]!;
      const state = newRun(record.last.state as never, 'Retried', clock.now());
      log.append(state, { message: 'Again', request: record.request });
    },
  };
}
