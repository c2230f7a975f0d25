// The API, through the published client. Requests carry the session's cookie; those of an administrator also the tenant that is shown.

import { signal } from '@preact/signals';
import { GenwardenClient } from '../../client/index.ts';
import { apiUrl } from '../base.ts';
import { noteServerTime } from '../live/now.ts';

/** The tenant that the address names; undefined: that of the session. `*`: all. Another choice loads the page again. */
export const tenant = signal<string | undefined>(new URLSearchParams(location.search).get('tenant') ?? undefined);

/** Set while the API refuses the session: a dialog asks for a new sign-in. */
export const sessionEnded = signal(false);

let signIns = 0;

export function noteSignIn(): void {
  signIns += 1;
  sessionEnded.value = false;
}

/** `fetch` for paths of the API, with what all requests of the console share. `send`: another `fetch`. */
export async function apiFetch(
  input: string | URL | Request,
  init: RequestInit = {},
  send: typeof fetch = fetch,
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (tenant.value !== undefined) headers.set('genwarden-namespace', tenant.value);
  const before = signIns;
  const response = await send(input, { ...init, headers, credentials: 'same-origin' });
  noteServerTime(response.headers.get('date'));
  // An answer to a request of the session before says nothing about this one.
  if (response.status === 401 && before === signIns) sessionEnded.value = true;
  return response;
}

/** One try for each call: the pages show what fails, and ask again by themselves. */
export const api = new GenwardenClient({
  url: apiUrl,
  fetch: (input, init) => apiFetch(input, init),
  giveUpAfterMs: 0,
});
