// Reads the prompts and references that a GenerationJob takes from ConfigMaps and Secrets of its own namespace. They are read at the
// submit: the job keeps what they said then.

import { mapLimit } from '../../async/mapLimit.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { imageTypeOf } from '../../job/imageType.ts';
import { withoutUndefined } from '../../job/withoutUndefined.ts';
import { invalidRequest } from '../../job/errors/invalidRequest.ts';
import { submitBody, type SubmitBody } from '../../jobs/submit/body.ts';
import { type Cluster, KubeError, type KubeObject } from '../../ports/kubernetes.ts';
import { configMapType, secretType } from '../resources/builtInKinds.ts';
import type { GenerationJobSpec } from '../resources/generationJob.ts';
import { parseSpec } from '../resources/kinds.ts';
import type { SourcedInput, SourcedReference } from '../resources/sources.ts';

type Kind = 'ConfigMap' | 'Secret';

interface Source {
  readonly kind: Kind;
  readonly name: string;
  readonly key: string;
}

/** A ConfigMap or Secret; binaryData, and data of a Secret, in base64. */
type DataObject = KubeObject & {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
};

type Objects = ReadonlyMap<string, DataObject>;

type Inputs = Pick<SubmitBody, 'input' | 'tasks'>;

/** How many objects are read at a time. */
const atOnce = 4;

/**
 * The input of the job and its tasks, with what they take from other objects in place. Throws `SourceNotFound`, `SourceForbidden`,
 * `InvalidRequest` or `KubeError`.
 */
export async function withSources(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  { kind, input, tasks }: Pick<GenerationJobSpec, 'kind' | 'input' | 'tasks'>,
): Promise<Inputs> {
  const inputs = [input, ...(tasks ?? []).map((task) => task.input)].filter((each) => each !== undefined);
  const sources = inputs.flatMap(sourcesOf);
  if (sources.length === 0) return withoutUndefined({ input, tasks }) as Inputs;
  const objects = await readObjects(cluster, namespace, sources);
  const resolved = withoutUndefined({
    input: input && resolvedInput(input, objects),
    tasks: tasks?.map((task) => withoutUndefined({ ...task, input: task.input && resolvedInput(task.input, objects) })),
  });
  // What was read has to keep to the same bounds as what is written into a spec.
  const parsed = parseSpec(submitBody, { spec: { kind, ...resolved } });
  if ('problems' in parsed) throw invalidRequest(parsed.problems);
  return resolved;
}

function sourcesOf({ promptFrom, references = [], extraReferences = [] }: SourcedInput): Source[] {
  const ofImages = [...references, ...extraReferences].flatMap((reference) => sourceOf(reference) ?? []);
  return promptFrom === undefined ? ofImages : [promptSource(promptFrom), ...ofImages];
}

const promptSource = ({ configMapKeyRef }: NonNullable<SourcedInput['promptFrom']>): Source => ({
  kind: 'ConfigMap',
  ...configMapKeyRef,
});

function sourceOf({ configMapKeyRef, secretKeyRef }: SourcedReference): Source | undefined {
  if (configMapKeyRef !== undefined) return { kind: 'ConfigMap', ...configMapKeyRef };
  return secretKeyRef === undefined ? undefined : { kind: 'Secret', ...secretKeyRef };
}

async function readObjects(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  sources: readonly Source[],
): Promise<Objects> {
  const wanted = new Map(sources.map((source) => [placeOf(source), source]));
  const read = await mapLimit(atOnce, [...wanted], async ([place, source]) => {
    const object = await readObject(cluster, namespace, source);
    if (object === undefined) throw notFound(`${place} does not exist in namespace ${namespace}`);
    return [place, object] as const;
  });
  return new Map(read);
}

async function readObject(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  { kind, name }: Source,
): Promise<DataObject | undefined> {
  try {
    const key = { namespace, name };
    if (kind === 'Secret') return await cluster.get<DataObject>(secretType, key);
    return await cluster.get<DataObject>(configMapType, key);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 403) throw error;
    const message = `The operator may not read ${kind} ${name} in namespace ${namespace}`;
    throw new GenwardenError('SourceForbidden', message, { cause: error });
  }
}

function resolvedInput(input: SourcedInput, objects: Objects): object {
  const { promptFrom, references, extraReferences, ...rest } = input;
  const resolved = (list: readonly SourcedReference[] | undefined) =>
    list?.map((reference) => resolvedReference(reference, objects));
  return withoutUndefined({
    ...rest,
    ...(promptFrom !== undefined && { prompt: textIn(promptSource(promptFrom), objects) }),
    references: resolved(references),
    extraReferences: resolved(extraReferences),
  });
}

function textIn(source: Source, objects: Objects): string {
  const text = objects.get(placeOf(source))!.data?.[source.key];
  if (text === undefined) throw notFound(`${placeOf(source)} has no ${source.key} in data`);
  return text;
}

/** As an inline image; its content decides the type. */
function resolvedReference(reference: SourcedReference, objects: Objects): object {
  const source = sourceOf(reference);
  if (source === undefined) return reference;
  const object = objects.get(placeOf(source))!;
  const data = source.kind === 'Secret' ? object.data?.[source.key] : object.binaryData?.[source.key];
  const place = source.kind === 'Secret' ? 'data' : 'binaryData';
  if (data === undefined) throw notFound(`${placeOf(source)} has no ${source.key} in ${place}`);
  const mediaType = imageTypeOf(Buffer.from(data, 'base64')) ?? 'image/png';
  return withoutUndefined({ mediaType, data, caption: reference.caption });
}

const placeOf = ({ kind, name }: Source): string => `${kind} ${name}`;

const notFound = (message: string): GenwardenError => new GenwardenError('SourceNotFound', message);
