// A form with what another job was submitted with. The API does not tell the job's time limits and its review, so they stay empty.

import type { InputReference, Job, ModelInput, Task } from '../../../client/index.ts';
import { emptyForm, type JobForm } from './form.ts';

/** Tasks whose own prompts are read; further ones get the first task's. */
export const mostRead = 50;

/** A reference that can be used again. */
export type StoredReference = InputReference & { artifact: string };

/** `inputs`: of the first tasks of the job, by index. The references are added by the page. */
export function formOf(job: Job, inputs: readonly ModelInput[]): JobForm {
  const [first] = inputs;
  if (first === undefined) return { ...emptyForm, kind: job.kind, pool: job.pool, model: job.model };
  const tasks = job.tasks ?? [];
  const prompt = promptOf(first);
  const isPlain = tasks.length === 1 && tasks[0]!.name === null;
  return {
    ...emptyForm,
    kind: job.kind,
    pool: job.pool,
    model: job.model,
    priority: job.priority,
    prompt,
    system: first.system ?? '',
    schema: jsonText(first.schema),
    aspectRatio: first.aspectRatio ?? '',
    imageSize: first.imageSize ?? '',
    seed: first.seed === null ? '' : String(first.seed),
    providerOptions: jsonText(first.providerOptions),
    variations: String(Math.max(1, tasks.length)),
    taskLines: isPlain ? '' : tasks.map((task) => lineOf(task, inputs[task.index], prompt)).join('\n'),
    labels: Object.entries(job.labels)
      .map((pair) => pair.join('='))
      .join('\n'),
  };
}

/** A tweak has added to the prompt. */
const promptOf = ({ prompt, tweak }: ModelInput): string => tweak?.prompt ?? prompt;

const jsonText = (value: object | null): string => (value === null ? '' : JSON.stringify(value, null, 2));

function lineOf({ name, index }: Task, input: ModelInput | undefined, shared: string): string {
  const title = name ?? `variation-${index + 1}`;
  const own = input === undefined ? shared : promptOf(input);
  return own === shared ? title : `${title} = ${own.replace(/\s*\n\s*/g, ' ')}`;
}

/** Not the earlier result of a tweak, and no result of another task of that job. */
export function storedReferences({ references, tweak }: ModelInput): StoredReference[] {
  return references.filter(
    (reference): reference is StoredReference =>
      reference.artifact !== null &&
      reference.href !== null &&
      reference.result === null &&
      !(tweak !== null && reference.caption === 'the earlier result'),
  );
}
