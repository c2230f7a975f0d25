// Applies the limits of each model that may run a job: its own model, and those that it may fall back to.

import { count } from '../../job/explain/format.ts';
import { invalidRequest, type FieldError } from '../../job/errors/invalidRequest.ts';
import type { GenwardenError } from '../../job/errors/index.ts';
import { limitsOf, type ModelLimits, type UnsupportedField } from '../../job/modelLimits.ts';
import type { Target } from '../../job/policy.ts';
import { tooLarge } from './image.ts';
import type { SubmitBody } from './body.ts';
import type { RequestedTask } from './mergeTasks.ts';
import type { OpenedReferences } from './references.ts';

/** A model that may run the job. */
export interface Destination extends Target {
  readonly provider: string;
  /** The provider options that jobs may set in its pool; absent: the provider's default. */
  readonly options?: readonly string[];
  /** Its place in the body, if the client asked for it as a fallback: `policy.fallback[0]`. */
  readonly path?: string;
  /** A fallback of the pool, which the client did not ask for: it is left out if it does not accept the input. */
  readonly optional?: boolean;
}

export type Refuse = (destination: Destination, limits: ModelLimits) => GenwardenError | undefined;

const maxProblems = 50;

/** The destinations that accept the input. Throws the refusal of the first one that is not optional. */
export function acceptingOf(destinations: readonly Destination[], refuse: Refuse): readonly Destination[] {
  return destinations.filter((destination) => {
    const refusal = refuse(destination, limitsOf(destination.provider, destination.model));
    if (refusal !== undefined && destination.optional !== true) throw refusal;
    return refusal === undefined;
  });
}

/** For messages: the model, and where the client asked for it. */
export const nameOf = ({ model, path }: Destination): string => (path === undefined ? model : `${model} (${path})`);

/** Refuses shapes, fields and numbers of references that the model lacks, at the places where the body has them. */
export const refuseShape =
  (body: SubmitBody, tasks: readonly RequestedTask[]): Refuse =>
  (destination, { aspectRatios, imageSizes, lacks = [], references }) => {
    const problems = tasks.flatMap(({ input, references: all, path, index }) => {
      const own = body.tasks?.[index]?.input ?? {};
      const placeOf = (field: 'aspectRatio' | 'imageSize' | UnsupportedField): string =>
        own[field] === undefined ? `input.${field}` : `${path}input.${field}`;
      return [
        ...unknownValue(placeOf('aspectRatio'), input.aspectRatio, aspectRatios, destination),
        ...unknownValue(placeOf('imageSize'), input.imageSize, imageSizes, destination),
        ...lacks.flatMap((field) => unsupported(placeOf(field), input[field], `no ${field}`, destination)),
        ...tooMany(`${path}input.references`, all.length, references, destination),
      ];
    });
    // Tasks share the value of the job's input.
    return requestError([...new Map(problems.map((problem) => [problem.path, problem])).values()]);
  };

/** Refuses a reference that is too large for the model, and references that are too large together. */
export const refuseReferences =
  (tasks: readonly RequestedTask[], { images }: Pick<OpenedReferences, 'images'>): Refuse =>
  (destination, { referenceBytes, totalReferenceBytes }) => {
    const used = new Set(tasks.flatMap(({ references }) => references));
    for (const [reference, { path, bytes }] of images) {
      if (!used.has(reference)) continue;
      const limit = `${megabytes(referenceBytes)} that ${nameOf(destination)} accepts`;
      if (bytes > referenceBytes) return tooLarge(bytes, limit, path);
    }
    return requestError(
      tasks.flatMap(({ references, path }) => {
        const total = references.reduce((sum, reference) => sum + (images.get(reference)?.bytes ?? 0), 0);
        if (total <= totalReferenceBytes) return [];
        const limit = `more than the ${megabytes(totalReferenceBytes)} that ${nameOf(destination)} accepts in one request`;
        const message = `has ${count(references.length, 'image')} of ${total} bytes together, ${limit}`;
        return [{ path: `${path}input.references`, message }];
      }),
    );
  };

const megabytes = (bytes: number): string => `${bytes / 1_000_000} MB`;

export const requestError = (problems: readonly FieldError[]): GenwardenError | undefined =>
  problems.length === 0 ? undefined : invalidRequest(problems.slice(0, maxProblems));

function unknownValue(
  path: string,
  value: string | undefined,
  known: readonly string[] | undefined,
  destination: Destination,
): FieldError[] {
  if (value === undefined || known === undefined || known.includes(value)) return [];
  return [{ path, message: `is ${value}, but ${nameOf(destination)} accepts ${known.join(', ')}` }];
}

function unsupported(path: string, value: unknown, what: string, destination: Destination): FieldError[] {
  if (value === undefined) return [];
  return [{ path, message: `is set, but ${nameOf(destination)} accepts ${what}: leave it out` }];
}

function tooMany(path: string, number: number, most: number, destination: Destination): FieldError[] {
  if (number <= most) return [];
  const accepted = most === 0 ? 'none' : `at most ${most}`;
  return [{ path, message: `has ${count(number, 'image')}, but ${nameOf(destination)} accepts ${accepted}` }];
}
