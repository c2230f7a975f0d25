// The header of every page: the installation, whether the page is live, the search, and who is signed in.

import { pathTo } from '../base.ts';
import { can, session } from '../api/session.ts';
import { LiveState } from './LiveState.tsx';
import { Search } from './Search.tsx';
import { SessionMenu } from './SessionMenu.tsx';
import { ThemeChoice } from './ThemeChoice.tsx';

export function Header({ onKeys }: { onKeys: () => void }) {
  const current = session.value;
  return (
    <header class="header">
      <span class="installation">
        <strong>{current?.installation.name ?? 'Genwarden'}</strong>
      </span>
      {can('jobs:read') ? <LiveState /> : null}
      <Search />
      <span class={current?.authentication === 'required' ? 'header-end signed-in row' : 'header-end row'}>
        {can('jobs:write') ? (
          <a class="button primary" href={pathTo('/new')}>
            New job
          </a>
        ) : null}
        <ThemeChoice />
        <button
          type="button"
          class="plain keys-button"
          aria-label="Keyboard shortcuts"
          aria-keyshortcuts="?"
          onClick={onKeys}
        >
          ?
        </button>
        <SessionMenu />
      </span>
    </header>
  );
}
