// The API, through the published client. Requests carry the session's cookie; an administrator's also the tenant that is shown.

import { signal } from '@preact/signals';
import { GenwardenClient } from '../../client/index.ts';
import { apiUrl } from '../base.ts';
import { noteServerTime } from '../live/now.ts';

/** The tenant that an administrator looks at; undefined: that of the session. `*`: all. */
export const tenant = signal<string | undefined>(undefined);

/** Set while the API refuses the session: the page asks for a new sign-in. */
export const sessionEnded = signal(false);

/** `fetch` for paths of the API, with what all requests of the console share. */
export async function apiFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (tenant.value !== undefined) headers.set('genwarden-namespace', tenant.value);
  const response = await fetch(input, { ...init, headers, credentials: 'same-origin' });
  noteServerTime(response.headers.get('date'));
  if (response.status === 401) sessionEnded.value = true;
  return response;
}

/** One try for each call: the pages show what fails, and ask again by themselves. */
export const api = new GenwardenClient({ url: apiUrl, fetch: apiFetch, giveUpAfterMs: 0 });
