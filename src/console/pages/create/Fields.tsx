// The fields that most jobs need: kind, prompt, pool and model, shape, variations.

import type { Kind, Pool } from '../../../client/index.ts';
import { change, form } from './form.ts';
import { Field } from './Field.tsx';
import { chosenPool, limitsOf, modelChoices, poolChoices, withChosen, type Choice } from './offers.ts';
import { linesOf, mostTasks, taskCount } from './requestOf.ts';

export function KindField() {
  const kinds: readonly [Kind, string][] = [
    ['image', 'Image'],
    ['text', 'Text'],
  ];
  return (
    <fieldset class="create-kind">
      <legend>Kind</legend>
      {kinds.map(([kind, title]) => (
        <label key={kind}>
          <input
            type="radio"
            name="kind"
            value={kind}
            checked={form.value.kind === kind}
            onChange={() => change({ kind, model: '', pool: '' })}
          />
          {title}
        </label>
      ))}
    </fieldset>
  );
}

export function PromptFields() {
  const { prompt, system, kind, schema } = form.value;
  return (
    <>
      <Field label="Prompt" path="input.prompt">
        {(control) => (
          <textarea
            {...control}
            dir="auto"
            rows={5}
            value={prompt}
            placeholder={kind === 'image' ? 'What to draw' : 'What to write'}
            onInput={(event) => change({ prompt: event.currentTarget.value })}
          />
        )}
      </Field>
      {kind === 'image' ? null : (
        <>
          <Field label="System instruction" path="input.system">
            {(control) => (
              <textarea
                {...control}
                dir="auto"
                rows={2}
                value={system}
                onInput={(event) => change({ system: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label="JSON Schema" path="input.schema" hint="The output must match it. Empty: any text.">
            {(control) => (
              <textarea
                {...control}
                class="mono"
                rows={6}
                spellcheck={false}
                value={schema}
                placeholder={'{ "type": "object", "properties": { … } }'}
                onInput={(event) => change({ schema: event.currentTarget.value })}
              />
            )}
          </Field>
        </>
      )}
    </>
  );
}

/** Undefined pools: they have not been read yet. */
export function PoolFields({ pools }: { pools: readonly Pool[] | undefined }) {
  const { kind, pool: poolName, model } = form.value;
  const pool = chosenPool(pools ?? [], poolName);
  const choices = poolChoices(pools ?? [], kind);
  const models = modelChoices(pool, kind);
  const shown = poolName === '' ? (pool?.name ?? (pools === undefined ? 'default' : '')) : poolName;
  const [first] = models;
  // The first one is chosen by no name.
  const named = model === first?.value ? '' : model;
  return (
    <div class="create-pair">
      <Field label="Pool" path="pool" hint={pools === undefined ? undefined : poolHint(choices, poolName, pool, kind)}>
        {(control) => (
          <select
            {...control}
            value={shown}
            onChange={(event) => change({ pool: event.currentTarget.value, model: '' })}
          >
            {withMissing(choices, shown, pools === undefined).map(option)}
          </select>
        )}
      </Field>
      <Field label="Model" path="model" hint={obstacleOf(models, model === '' ? (first?.value ?? '') : model)}>
        {(control) => (
          <select {...control} value={named} onChange={(event) => change({ model: event.currentTarget.value })}>
            <option value="">{first === undefined ? 'Default' : `${first.value} (default)`}</option>
            {withMissing(models.slice(1), named, pools === undefined).map(option)}
          </select>
        )}
      </Field>
    </div>
  );
}

function option({ value, obstacle }: Choice) {
  return (
    <option key={value} value={value}>
      {obstacle === '' ? value : `${value} — ${obstacle}`}
    </option>
  );
}

/** What was chosen stays a choice when its pool has gone. `isUnread`: the pools are not known yet. */
function withMissing(choices: readonly Choice[], chosen: string, isUnread: boolean): readonly Choice[] {
  if (chosen === '' || choices.some(({ value }) => value === chosen)) return choices;
  return [...choices, { value: chosen, obstacle: isUnread ? '' : 'not known now' }];
}

const sentences: Readonly<Record<string, string>> = {
  paused: 'The pool is paused: the job waits until someone resumes it.',
  'no workers': 'No worker serves the pool: the job waits until one starts.',
  outage: 'The provider fails for this model at present: the job waits until it recovers.',
};

function obstacleOf(choices: readonly Choice[], chosen: string): string | undefined {
  const obstacle = choices.find(({ value }) => value === chosen)?.obstacle ?? '';
  if (obstacle === '') return undefined;
  return sentences[obstacle] ?? `At present ${obstacle}.`;
}

function poolHint(choices: readonly Choice[], name: string, pool: Pool | undefined, kind: Kind): string | undefined {
  if (choices.length === 0) return `No pool offers a model for ${kind} jobs. Start a worker, or check the pools file.`;
  if (pool === undefined && name === '') return 'There is no pool default: choose one.';
  return obstacleOf(choices, pool?.name ?? name);
}

function PictureFields({ pools }: { pools: readonly Pool[] | undefined }) {
  const { kind, pool, model, aspectRatio, imageSize } = form.value;
  if (kind !== 'image') return null;
  const { aspectRatios, imageSizes } = limitsOf(chosenPool(pools ?? [], pool), kind, model);
  const usual = limitsOf(undefined, kind, '');
  return (
    <>
      <Field label="Ratio" path="input.aspectRatio">
        {(control) => (
          <select
            {...control}
            value={aspectRatio}
            onChange={(event) => change({ aspectRatio: event.currentTarget.value })}
          >
            <option value="">The model's own</option>
            {withChosen(aspectRatios ?? usual.aspectRatios!, aspectRatio).map((ratio) => (
              <option key={ratio}>{ratio}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Size" path="input.imageSize">
        {(control) => (
          <select {...control} value={imageSize} onChange={(event) => change({ imageSize: event.currentTarget.value })}>
            <option value="">The model's own</option>
            {withChosen(imageSizes ?? usual.imageSizes!, imageSize).map((size) => (
              <option key={size}>{size}</option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}

export function ShapeFields({ pools }: { pools: readonly Pool[] | undefined }) {
  return (
    <div class="create-triple">
      <PictureFields pools={pools} />
      <VariationField />
    </div>
  );
}

function VariationField() {
  const { variations, taskLines } = form.value;
  const named = linesOf(taskLines).length;
  return (
    <Field
      label="Variations"
      path="tasks"
      hint={named > Number(variations) ? `${named} tasks are named below.` : undefined}
    >
      {(control) => (
        <input
          {...control}
          type="number"
          min={1}
          max={mostTasks}
          value={variations}
          onInput={(event) => change({ variations: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}

export function TaskFields() {
  const { taskLines } = form.value;
  const count = taskCount(form.value) ?? 1;
  if (count === 1 && taskLines === '') return null;
  const hint = (
    <>
      One a line. <code>name = prompt</code> gives a task its own prompt.
    </>
  );
  return (
    <Field label="Names of the tasks" path="tasks" hint={hint}>
      {(control) => (
        <textarea
          {...control}
          dir="auto"
          rows={Math.min(8, Math.max(3, count))}
          value={taskLines}
          placeholder={'variation-1\nvariation-2 = another prompt'}
          onInput={(event) => change({ taskLines: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}
