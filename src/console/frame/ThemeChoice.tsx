// The choice between the themes.

import { setTheme, theme, type Theme } from '../theme/theme.ts';

/** `titled`: with its label in sight. */
export function ThemeChoice({ titled = false }: { titled?: boolean }) {
  return (
    <label class="theme row">
      <span class={titled ? '' : 'heard'}>Theme</span>
      <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
        <option value="system">Auto</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
