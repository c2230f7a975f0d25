// The start of the console.

// First, so that the styles of pages come after those that they adapt.
import './theme/tokens.css';
import './theme/base.css';
import './components/components.css';
import './frame/frame.css';
import { render } from 'preact';
import { keepSession } from './api/refresh.ts';
import { loadSession } from './api/session.ts';
import { App } from './app.tsx';
import { pathTo } from './base.ts';
import { Problem } from './components/Problem.tsx';
import { keepTenantInLinks } from './frame/tenantLinks.ts';
import { startClock } from './live/now.ts';
import { applyTheme } from './theme/theme.ts';

const root = document.getElementById('console')!;

// The address in the page is relative to the first page, and a browser may ask for the icon again at another one.
document.querySelector<HTMLLinkElement>('link[rel=icon]')!.href = pathTo('/console/icon.svg');
applyTheme();
startClock();
keepTenantInLinks();
try {
  await loadSession();
  keepSession();
  render(<App />, root);
} catch (error) {
  render(
    <main>
      <Problem error={error} />
    </main>,
    root,
  );
}
