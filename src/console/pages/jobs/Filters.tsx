// The filter of the list. All of it is in the page's address.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { stateShape, stateWord } from '../../components/StateBadge.tsx';
import { useQuery } from '../../components/useQuery.ts';
import { filterStates, isLabel, isUnfiltered, type Filter } from './list/filter.ts';

interface FiltersProps {
  filter: Filter;
  pools: readonly string[];
  children: ComponentChildren;
}

export function Filters({ filter, pools, children }: FiltersProps) {
  const [, change] = useQuery();
  const { pool, kind } = filter;
  const names = pool === undefined || pools.includes(pool) ? pools : [pool, ...pools];
  return (
    <section class="jobs-filters" aria-label="Filter">
      <div class="jobs-filter-row">
        <States filter={filter} />
        <select
          aria-label="Pool"
          value={pool ?? ''}
          onChange={({ currentTarget: { value } }) => change({ pool: value === '' ? undefined : value })}
        >
          <option value="">All pools</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <select
          aria-label="Kind"
          value={kind ?? ''}
          onChange={({ currentTarget: { value } }) => change({ kind: value === '' ? undefined : value })}
        >
          <option value="">All kinds</option>
          <option value="image">image</option>
          <option value="text">text</option>
        </select>
        <LabelField filter={filter} />
        {children}
      </div>
      <Chips filter={filter} />
    </section>
  );
}

function States({ filter: { states } }: { filter: Filter }) {
  const [, change] = useQuery();
  return (
    <div class="jobs-states" role="group" aria-label="State">
      <button type="button" aria-pressed={states.length === 0} onClick={() => change({ state: undefined })}>
        all
      </button>
      {filterStates.map((state) => {
        const isOn = states.includes(state);
        const next = isOn ? states.filter((each) => each !== state) : [...states, state];
        return (
          <button key={state} type="button" class={state} aria-pressed={isOn} onClick={() => change({ state: next })}>
            {state === 'open' ? null : (
              <span class="jobs-shape" aria-hidden="true">
                {stateShape(state)}
              </span>
            )}
            {stateWord(state)}
          </button>
        );
      })}
    </div>
  );
}

function LabelField({ filter: { labels } }: { filter: Filter }) {
  const [, change] = useQuery();
  const [text, setText] = useState('');
  function add(event: Event): void {
    event.preventDefault();
    const label = text.trim();
    if (!isLabel(label)) return;
    change({ label: [...new Set([...labels, label])] });
    setText('');
  }
  return (
    <form onSubmit={add}>
      <input
        type="text"
        aria-label="Label, as key=value"
        placeholder="label=value"
        pattern="[^=]+=.*"
        title="key=value"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}

/** What the filter has beside the states, each with a button that removes it. */
function Chips({ filter }: { filter: Filter }) {
  const [, change] = useQuery();
  if (isUnfiltered(filter)) return null;
  const { pool, kind, labels, search } = filter;
  return (
    <div class="jobs-chips row">
      {search === undefined ? null : (
        <Chip name="search" value={search} onRemove={() => change({ search: undefined })} />
      )}
      {pool === undefined ? null : <Chip name="pool" value={pool} onRemove={() => change({ pool: undefined })} />}
      {kind === undefined ? null : <Chip name="kind" value={kind} onRemove={() => change({ kind: undefined })} />}
      {labels.map((label) => (
        <Chip
          key={label}
          name="label"
          value={label}
          onRemove={() => change({ label: labels.filter((each) => each !== label) })}
        />
      ))}
      <ClearFilters />
    </div>
  );
}

function Chip({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  return (
    <span class="jobs-chip">
      <span class="muted">{name}</span>
      <span class="jobs-chip-value" dir="auto">
        {value}
      </span>
      <button type="button" class="plain" aria-label={`Remove ${name} ${value}`} onClick={onRemove}>
        ✕
      </button>
    </span>
  );
}

export function ClearFilters() {
  const [, change] = useQuery();
  const none = { state: undefined, pool: undefined, kind: undefined, label: undefined, search: undefined };
  return (
    <button type="button" class="jobs-clear" onClick={() => change(none)}>
      Clear filters
    </button>
  );
}
