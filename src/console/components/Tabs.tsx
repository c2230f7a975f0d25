// Tabs whose choice is in the address, so that each has a link. Arrow keys move between them.

import type { ComponentChildren } from 'preact';
import { useQueryParameter } from './useQuery.ts';

export interface Tab {
  id: string;
  title: string;
  content: () => ComponentChildren;
}

interface TabsProps {
  tabs: readonly Tab[];
  label: string;
  parameter?: string;
  /** The tab that needs no parameter; default: the first one. */
  initial?: string;
}

export function Tabs({ tabs, label, parameter = 'tab', initial = tabs[0]!.id }: TabsProps) {
  const [chosen, setChosen] = useQueryParameter(parameter);
  const current = tabs.find(({ id }) => id === chosen) ?? tabs.find(({ id }) => id === initial) ?? tabs[0]!;
  const choose = (id: string): void => setChosen(id === initial ? undefined : id);
  function move(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    // From the tab with the focus: the last step may not have been rendered yet.
    const at = tabs.findIndex(({ id }) => document.activeElement?.id === `tab-${id}`);
    const next = tabs[(at + step + tabs.length) % tabs.length]!;
    choose(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
    event.preventDefault();
  }
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`tab-${tab.id}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={tab === current}
            aria-controls={`panel-${tab.id}`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => choose(tab.id)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div id={`panel-${current.id}`} role="tabpanel" aria-labelledby={`tab-${current.id}`} class="tab-panel">
        {current.content()}
      </div>
    </div>
  );
}
