// The heading of a page, which is also its title, and the place of its content.

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { session } from '../api/session.ts';

interface PageProps {
  title: string;
  /** Beside the heading. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Page({ title, actions, children }: PageProps) {
  const name = session.value?.installation.name ?? 'Genwarden';
  useEffect(() => {
    document.title = `${title} · ${name}`;
  }, [title, name]);
  return (
    <div class="page">
      <div class="row spread page-title">
        <h1 dir="auto">{title}</h1>
        {actions === undefined ? null : <div class="row">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
