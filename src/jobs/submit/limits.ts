// Applies the limits of each model that may run a job: its own model, and those that it may fall back to.

import { invalidRequest, type FieldError } from '../../job/errors/invalidRequest.ts';
import { limitsOf, type ModelLimits } from '../../job/modelLimits.ts';
import type { Target } from '../../job/policy.ts';
import type { RequestedTask } from './mergeTasks.ts';

/** A model that may run the job. */
export interface Destination extends Target {
  readonly provider: string;
  /** Its place in the body, if the client asked for it as a fallback: `policy.fallback[0]`. */
  readonly path?: string;
  /** A fallback of the pool, which the client did not ask for: it is left out if it does not accept the input. */
  readonly optional?: boolean;
}

export type ProblemsOf = (destination: Destination, limits: ModelLimits) => readonly FieldError[];

const maxProblems = 50;

/** The destinations that accept the input. Throws `InvalidRequest` with the problems of those that are not optional. */
export function acceptingOf(destinations: readonly Destination[], problemsOf: ProblemsOf): readonly Destination[] {
  const checked = destinations.map((destination) => {
    return { destination, problems: problemsOf(destination, limitsOf(destination.provider, destination.model)) };
  });
  const problems = checked.flatMap(({ destination, problems: own }) => (destination.optional === true ? [] : own));
  if (problems.length > 0) throw invalidRequest(problems.slice(0, maxProblems));
  return checked.flatMap(({ destination, problems: own }) => (own.length === 0 ? [destination] : []));
}

/** For messages: the model, and where the client asked for it. */
const nameOf = ({ model, path }: Destination): string => (path === undefined ? model : `${model} (${path})`);

/** Checks `aspectRatio` and `imageSize` of every task. */
export const shapeProblems =
  (tasks: readonly RequestedTask[]): ProblemsOf =>
  (destination, { aspectRatios, imageSizes }) =>
    tasks.flatMap(({ input, path }) => [
      ...unknownValue(`${path}input.aspectRatio`, input.aspectRatio, aspectRatios, destination),
      ...unknownValue(`${path}input.imageSize`, input.imageSize, imageSizes, destination),
    ]);

function unknownValue(
  path: string,
  value: string | undefined,
  known: readonly string[] | undefined,
  destination: Destination,
): FieldError[] {
  if (value === undefined || known === undefined || known.includes(value)) return [];
  return [{ path, message: `is ${value}, but ${nameOf(destination)} accepts ${known.join(', ')}` }];
}
