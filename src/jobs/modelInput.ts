// The input of one task as its model gets it: in a chain, with the results of other tasks, as far as they are known.

import { valueAt } from '../job/chains/path.ts';
import { expanded, templateOf, textOf, type Use } from '../job/chains/template.ts';
import { maxTextBytes, type ArtifactRef, type JsonValue, type TaskDetail } from '../job/task.ts';
import type { JobRecord, TaskRecord } from '../ports/jobLog.ts';
import type { JobsContext } from './context.ts';

export interface ModelInput {
  readonly prompt: string;
  readonly system: string | undefined;
  readonly references: readonly InputReference[];
  /** The templates that the texts still have: `tasks.storyboard.output.beats[0]`. */
  readonly unresolved: readonly string[];
}

export interface InputReference {
  /** Undefined until the task that makes it has succeeded. */
  readonly image: ReferencedImage | undefined;
  readonly caption: string | undefined;
  /** The artifact of another task that it is. */
  readonly result: { readonly task: string; readonly name: string } | undefined;
}

/** `bytes` is absent in jobs of earlier versions. */
export type ReferencedImage = Pick<ArtifactRef, 'mediaType' | 'digest' | 'path'> & { readonly bytes?: number };

type InputContext = Pick<JobsContext, 'artifacts'>;

/** Throws what the artifact store throws. */
export async function modelInput(context: InputContext, record: JobRecord, task: TaskRecord): Promise<ModelInput> {
  const { input, after = [], tweaked } = task.request;
  const names = new Set(after);
  // What a tweak has added to the prompt is no template.
  const prompt = templateOf(input.prompt, names, tweaked?.prompt.length).uses;
  const system = templateOf(input.system ?? '', names).uses;
  const values = await valuesOf(context, record, task, [...prompt, ...system]);
  const fill = (text: string, uses: readonly Use[]): string => {
    const known = uses.filter((use) => values.has(use));
    return expanded(
      text,
      known,
      known.map((use) => values.get(use)!),
    );
  };
  const unknown = [...prompt, ...system].filter((use) => !values.has(use));
  return {
    prompt: fill(input.prompt, prompt),
    system: input.system === undefined ? undefined : fill(input.system, system),
    references: inputReferences(record, task),
    unresolved: [...new Set(unknown.map(({ text }) => text))],
  };
}

export function inputReferences(record: JobRecord, task: TaskRecord): readonly InputReference[] {
  return (task.request.input.references ?? []).map((reference) => {
    const { artifact, caption } = reference;
    if (typeof artifact !== 'object') {
      const { mediaType, bytes } = reference as Exclude<typeof reference, { artifact: object }>;
      const image = { digest: artifact, mediaType, ...(bytes === undefined ? {} : { bytes }) };
      return { image, caption, result: undefined };
    }
    const { artifacts = [] } = resultOf(record, task, artifact.task) ?? {};
    return { image: artifacts.find(({ name }) => name === artifact.name), caption, result: artifact };
  });
}

/** Of a task that this one waits for; undefined until it has succeeded. Its result is then final. */
function resultOf({ tasks }: JobRecord, { last, request }: TaskRecord, name: string): TaskDetail | undefined {
  const index = last.state.of.after?.[request.after?.indexOf(name) ?? -1];
  const other = index === undefined ? undefined : tasks[index]?.last;
  return other?.state.state === 'succeeded' ? other.detail : undefined;
}

/** Those that are known, each as text. */
async function valuesOf(
  context: InputContext,
  record: JobRecord,
  task: TaskRecord,
  uses: readonly Use[],
): Promise<ReadonlyMap<Use, string>> {
  const { tenant } = task.last.state.of;
  const values = new Map<Use, string>();
  let bytes = 0;
  for (const [name, own] of Map.groupBy(uses, (use) => use.task)) {
    const output = await outputOf(context, tenant, resultOf(record, task, name));
    if (output === undefined) continue;
    for (const use of own) {
      const found = valueAt(output, use.path);
      if ('missing' in found) continue;
      const text = textOf(found.value);
      const size = Buffer.byteLength(text);
      // The task fails if it uses more.
      if (size > maxTextBytes || bytes + size > 2 * maxTextBytes) continue;
      bytes += size;
      values.set(use, text);
    }
  }
  return values;
}

/** Bytes. A larger output is not read to show an input. */
const largestOutput = 1024 * 1024;

async function outputOf(
  { artifacts: store }: InputContext,
  tenant: string,
  { output, artifacts = [] }: Partial<TaskDetail> = {},
): Promise<JsonValue | undefined> {
  const stored = artifacts.find(({ name }) => name === 'output');
  if (output !== undefined || stored === undefined || stored.bytes > largestOutput) return output;
  const bytes = await store.read(tenant, stored.digest);
  if (bytes === undefined) return undefined;
  const text = new TextDecoder().decode(bytes);
  return stored.mediaType.startsWith('text/') ? text : (JSON.parse(text) as JsonValue);
}
