// Refuses provider options that the pool of a model does not let jobs set, and values that its provider would refuse.

import type { FieldError } from '../../job/errors/invalidRequest.ts';
import { optionProblems } from '../../job/providerOptions/index.ts';
import type { SubmitBody } from './body.ts';
import { nameOf, requestError, type Destination, type Refuse } from './limits.ts';
import type { RequestedTask } from './mergeTasks.ts';

/** For `acceptingOf`: the paths are those of the body, such as `tasks[2].input.providerOptions.temperature`. */
export const refuseProviderOptions =
  (body: SubmitBody, tasks: readonly RequestedTask[]): Refuse =>
  (destination) => {
    const places = new Map<string, RequestedTask>();
    for (const task of tasks) {
      const isOwn = body.tasks?.[task.index]?.input?.providerOptions !== undefined;
      // Tasks share the value of the job's input.
      places.set(isOwn ? `${task.path}input.providerOptions` : 'input.providerOptions', task);
    }
    return requestError([...places].flatMap(([place, task]) => problemsAt(place, task, destination)));
  };

function problemsAt(
  place: string,
  { kind, input: { providerOptions = {} } }: RequestedTask,
  destination: Destination,
): FieldError[] {
  const { provider, options: allowed, path } = destination;
  const where = path === undefined ? '' : ` for ${nameOf(destination)}`;
  return optionProblems(providerOptions, { provider, kind, allowed }).map((problem) => {
    return { path: `${place}${problem.path}`, message: `${problem.message}${where}` };
  });
}
