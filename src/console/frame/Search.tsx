// The search of the header: it filters the list of jobs by ID prefix, label, pool and the start of the prompt.

import { useLocation } from 'preact-iso';
import { useEffect, useRef } from 'preact/hooks';
import { pathTo } from '../base.ts';
import { useKeys } from '../components/useKeys.ts';

export function Search() {
  const { url, route } = useLocation();
  const field = useRef<HTMLInputElement>(null);
  const { pathname, searchParams } = new URL(url, location.origin);
  const shown = pathname === pathTo('/') ? (searchParams.get('search') ?? '') : '';
  useEffect(() => {
    field.current!.value = shown;
  }, [shown]);
  useKeys({ '/': () => field.current!.focus() });
  function search(event: Event): void {
    event.preventDefault();
    const parameters = new URLSearchParams(pathname === pathTo('/') ? searchParams : undefined);
    const text = field.current!.value.trim();
    if (text === '') parameters.delete('search');
    else parameters.set('search', text);
    const query = parameters.toString();
    route(pathTo('/') + (query === '' ? '' : `?${query}`));
  }
  return (
    <form class="search" role="search" onSubmit={search}>
      <input
        ref={field}
        type="search"
        aria-label="Search jobs by ID, label, pool or prompt"
        aria-keyshortcuts="/"
        placeholder="Search jobs ( / )"
        maxLength={200}
      />
    </form>
  );
}
