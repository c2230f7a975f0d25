// The pages: a rail on the left, on a phone a bar at the bottom.

import { useLocation } from 'preact-iso';
import { pathTo } from '../base.ts';
import { activity } from '../live/activity.ts';

interface Entry {
  path: string;
  title: string;
  icon: string;
  isCurrent: (path: string) => boolean;
}

const entries: readonly Entry[] = [
  {
    path: '/',
    title: 'Jobs',
    icon: 'M4 6h16M4 12h16M4 18h10',
    isCurrent: (path) => path === '/' || path.startsWith('/jobs'),
  },
  { path: '/review', title: 'Review', icon: 'M4 5h7v14H4zM13 5h7v14h-7z', isCurrent: (path) => path === '/review' },
  { path: '/pools', title: 'Pools', icon: 'M12 3l9 5-9 5-9-5zM3 13l9 5 9-5', isCurrent: (path) => path === '/pools' },
  {
    path: '/workers',
    title: 'Workers',
    icon: 'M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4',
    isCurrent: (path) => path === '/workers',
  },
  { path: '/stuck', title: 'Stuck', icon: 'M12 4l9 16H3zM12 10v4M12 17v.5', isCurrent: (path) => path === '/stuck' },
  {
    path: '/installation',
    title: 'Installation',
    icon: 'M4 12l5 5L20 6',
    isCurrent: (path) => path === '/installation',
  },
];

export function Rail() {
  const { path } = useLocation();
  const here = path.slice(pathTo('/').length - 1) || '/';
  const overdue = activity.data.value?.overdue ?? 0;
  return (
    <nav class="rail" aria-label="Main">
      <a class="brand" href={pathTo('/')} aria-label="Genwarden, to the jobs" tabIndex={-1}>
        <img src={pathTo('/console/icon.svg')} alt="" width={24} height={24} />
        <span>Genwarden</span>
      </a>
      <ul>
        {entries.map(({ path: to, title, icon, isCurrent }) => (
          <li key={to}>
            <a class="rail-link" href={pathTo(to)} aria-current={isCurrent(here) ? 'page' : undefined}>
              <svg viewBox="0 0 24 24" aria-hidden="true">
                <path d={icon} />
              </svg>
              <span>{title}</span>
              {to === '/stuck' && overdue > 0 ? (
                <span class="badge" aria-label={`${overdue} overdue`}>
                  {overdue}
                </span>
              ) : null}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
