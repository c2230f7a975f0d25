// Tabs whose choice is in the address, so that each has a link. Arrow keys move between them.

import type { ComponentChildren } from 'preact';
import { useQueryParameter } from './useQuery.ts';

export interface Tab {
  id: string;
  title: string;
  content: () => ComponentChildren;
}

/** The first tab is the default, and has no parameter. */
export function Tabs({ tabs, label, parameter = 'tab' }: { tabs: readonly Tab[]; label: string; parameter?: string }) {
  const [chosen, choose] = useQueryParameter(parameter);
  const current = tabs.find(({ id }) => id === chosen) ?? tabs[0]!;
  function move(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = tabs[(tabs.indexOf(current) + step + tabs.length) % tabs.length]!;
    choose(next === tabs[0] ? undefined : next.id);
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
            onClick={() => choose(tab === tabs[0] ? undefined : tab.id)}
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
