// The fields that few jobs need, closed by default.

import type { Kind, Pool, Priority } from '../../../client/index.ts';
import { change, form } from './form.ts';
import { Errors, Field } from './Field.tsx';
import { useFieldErrors } from './fieldContext.ts';
import type { FieldPath } from './fieldErrors.ts';
import { chosenPool, limitsOf } from './offers.ts';

export function AdvancedFields({ pools }: { pools: readonly Pool[] | undefined }) {
  const { priority, labels } = form.value;
  return (
    <details class="create-advanced">
      <summary>Advanced: priority, labels, time limits, review, seed, provider options</summary>
      <div class="stack create-advanced-fields">
        <Field label="Priority" path="priority" hint="High, normal and low are served 6 : 3 : 1.">
          {(control) => (
            <select
              {...control}
              value={priority}
              onChange={(event) => change({ priority: event.currentTarget.value as Priority })}
            >
              {['high', 'normal', 'low'].map((lane) => (
                <option key={lane}>{lane}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Labels" path="labels" hint="One a line, as key=value.">
          {(control) => (
            <textarea
              {...control}
              rows={2}
              spellcheck={false}
              value={labels}
              placeholder="project=p42"
              onInput={(event) => change({ labels: event.currentTarget.value })}
            />
          )}
        </Field>
        <ReviewField />
        <TimeFields />
        <ProviderFields pools={pools} />
      </div>
    </details>
  );
}

function ReviewField() {
  const errors = useFieldErrors('policy.review');
  return (
    <div class="create-field">
      <label class="create-check">
        <input
          type="checkbox"
          checked={form.value.reviewAlways}
          onChange={(event) => change({ reviewAlways: event.currentTarget.checked })}
        />
        A person reviews each result
      </label>
      <Errors id="create-review-errors" errors={errors} />
    </div>
  );
}

type TextName = 'attemptTimeout' | 'runTimeout' | 'queueTimeout' | 'reviewTimeout' | 'deadline' | 'maxAttempts';

const timeFields: readonly [name: TextName, label: string, usual: (kind: Kind) => string][] = [
  ['queueTimeout', 'Queue timeout', () => '24h'],
  ['attemptTimeout', 'Attempt timeout', (kind) => (kind === 'image' ? '90s' : '120s')],
  ['runTimeout', 'Run timeout', () => '5m'],
  ['maxAttempts', 'Attempts', () => '3'],
  ['reviewTimeout', 'Review timeout', () => '24h'],
  ['deadline', 'Deadline after the submit', () => 'none'],
];

function TimeFields() {
  return (
    <fieldset class="create-times">
      <legend>Time limits</legend>
      <p class="muted create-hint">Such as 90s, 5m or 1h30m. Empty: what the pool or the installation sets.</p>
      <div class="create-triple">
        {timeFields.map(([name, label, usual]) => (
          <Field key={name} label={label} path={`policy.${name}`}>
            {(control) => (
              <input
                {...control}
                value={form.value[name]}
                placeholder={usual(form.value.kind)}
                onInput={(event) => change({ [name]: event.currentTarget.value })}
              />
            )}
          </Field>
        ))}
      </div>
    </fieldset>
  );
}

function ProviderFields({ pools }: { pools: readonly Pool[] | undefined }) {
  const { kind, pool: poolName, model, seed, providerOptions } = form.value;
  const pool = chosenPool(pools ?? [], poolName);
  const lacksSeed = limitsOf(pool, kind, model).lacks.includes('seed');
  const several = 'With several variations, each further one takes the next number.';
  return (
    <>
      <Field label="Seed" path="input.seed" hint={lacksSeed ? 'The model takes no seed.' : several}>
        {(control) => (
          <input
            {...control}
            class="create-number"
            inputMode="numeric"
            value={seed}
            onInput={(event) => change({ seed: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label="Provider options" path={'input.providerOptions' satisfies FieldPath} hint={optionsHint(pool)}>
        {(control) => (
          <textarea
            {...control}
            class="mono"
            rows={3}
            spellcheck={false}
            value={providerOptions}
            placeholder={'{ "temperature": 0.4 }'}
            onInput={(event) => change({ providerOptions: event.currentTarget.value })}
          />
        )}
      </Field>
    </>
  );
}

function optionsHint(pool: Pool | undefined): string {
  const options = pool?.providerOptions ?? null;
  if (options === null) return 'JSON, under the names of the provider.';
  return options.length === 0 ? 'The pool permits none.' : `JSON. The pool permits ${options.join(', ')}.`;
}
