// The header of every page: the installation, whether the page is live, the search, and who is signed in.

import { pathTo } from '../base.ts';
import { can, session } from '../api/session.ts';
import { setTheme, theme, type Theme } from '../theme/theme.ts';
import { LiveState } from './LiveState.tsx';
import { Search } from './Search.tsx';
import { SessionMenu } from './SessionMenu.tsx';

export function Header({ onKeys }: { onKeys: () => void }) {
  const current = session.value;
  return (
    <header class="header">
      <span class="installation">
        <strong>{current?.installation.name ?? 'Genwarden'}</strong>
      </span>
      <LiveState />
      <Search />
      <span class="header-end row">
        {can('jobs:write') ? (
          <a class="button primary" href={pathTo('/new')}>
            New job
          </a>
        ) : null}
        <label class="theme">
          <span class="heard">Theme</span>
          <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            <option value="system">Auto</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
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
