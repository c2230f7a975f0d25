// Who is signed in, and what that permits. The session itself is a cookie that scripts cannot read.

import { computed, signal } from '@preact/signals';
import { pathTo } from '../base.ts';
import { apiFetch, sessionEnded } from './client.ts';

export type Scope = 'jobs:read' | 'jobs:write' | 'admin';

export interface Session {
  installation: { name: string; version: string };
  authentication: 'off' | 'required';
  signIn: ('token' | 'oidc')[];
  principal: { name: string; tenant: string; scopes: Scope[]; expiresAt: string | null } | null;
  /** What a stand-in answers for in place of a provider; null: nothing. */
  standIn: { providers: string[]; pools: string[] } | null;
  links: { docs: string; api: string; metrics?: string };
}

/** Undefined until it has been read. */
export const session = signal<Session | undefined>(undefined);

/** A user without a session sees nothing but the sign-in. */
export const isSignedIn = computed(
  () => !sessionEnded.value && (session.value?.authentication === 'off' || (session.value?.principal ?? null) !== null),
);

/** Whether the user has the scope. Without authentication everyone has all of them. */
export function can(scope: Scope): boolean {
  const current = session.value;
  if (current === undefined) return false;
  if (current.authentication === 'off') return true;
  const scopes = current.principal?.scopes ?? [];
  return scopes.includes(scope) || scopes.includes('admin');
}

/** Reads the session again. Throws what `fetch` throws. */
export async function loadSession(): Promise<void> {
  await take(await apiFetch(pathTo('/console/session')));
}

/** Throws the API's problem as an `Error` if the token is refused. */
export async function signIn(token: string): Promise<void> {
  const body = JSON.stringify({ token });
  const headers = { 'content-type': 'application/json' };
  await take(await apiFetch(pathTo('/console/session'), { method: 'POST', headers, body }));
}

export async function signOut(): Promise<void> {
  await apiFetch(pathTo('/console/session'), { method: 'DELETE' });
  await loadSession();
}

async function take(response: Response): Promise<void> {
  const body = (await response.json()) as Session & { title?: string; detail?: string };
  if (!response.ok) throw new Error(body.detail ?? body.title ?? `The API answered ${response.status}`);
  session.value = body;
  sessionEnded.value = false;
}
