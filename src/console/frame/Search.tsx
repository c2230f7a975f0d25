// The search of the header: it filters the list of jobs by ID prefix, label, pool and the start of the prompt. The whole ID of a job
// leads to its page, also if the list does not reach back to it.

import { useLocation } from 'preact-iso';
import { useEffect, useRef } from 'preact/hooks';
import { api } from '../api/client.ts';
import { pathTo } from '../base.ts';
import { useKeys } from '../components/useKeys.ts';

export function Search() {
  const { url, route } = useLocation();
  const field = useRef<HTMLInputElement>(null);
  /** What is in the field has not been searched for. */
  const edited = useRef(false);
  /** The number of the newest search. */
  const latest = useRef(0);
  const { pathname, searchParams } = new URL(url, location.origin);
  const shown = pathname === pathTo('/') ? (searchParams.get('search') ?? '') : '';
  useEffect(() => {
    // An answer that comes while someone types does not replace the text.
    if (!edited.current || document.activeElement !== field.current) field.current!.value = shown;
  }, [shown]);
  useKeys({ '/': () => field.current!.focus() });
  async function search(event: Event): Promise<void> {
    event.preventDefault();
    const text = field.current!.value.trim();
    edited.current = false;
    const asked = (latest.current += 1);
    const { href } = location;
    const isFound = await isJob(text);
    // A newer search, or a page that was opened meanwhile, is what the user wants now.
    if (asked !== latest.current || href !== location.href) return;
    if (isFound) return route(pathTo(`/jobs/${text}`));
    const parameters = new URLSearchParams(pathname === pathTo('/') ? searchParams : undefined);
    if (text === '') parameters.delete('search');
    else parameters.set('search', text);
    const query = parameters.toString();
    route(pathTo('/') + (query === '' ? '' : `?${query}`));
  }
  return (
    <form class="search" role="search" onSubmit={(event) => void search(event)}>
      <input
        ref={field}
        type="search"
        onInput={() => {
          edited.current = true;
        }}
        aria-label="Search jobs by ID, label, pool or prompt"
        aria-keyshortcuts="/"
        placeholder="Search jobs ( / )"
        maxLength={200}
      />
    </form>
  );
}

/** Whether the text is the ID of a job that exists. */
async function isJob(text: string): Promise<boolean> {
  if (!/^[0-9a-z]{26}$/.test(text)) return false;
  return api.get(text, { tasks: false }).then(
    () => true,
    // The list tells that there is no such job, or that the API does not answer.
    () => false,
  );
}
