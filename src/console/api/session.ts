// Who is signed in, and what that permits. The session itself is a cookie that scripts cannot read.

import { computed, signal } from '@preact/signals';
import { GenwardenApiError } from '../../client/index.ts';
import { pathTo } from '../base.ts';
import { noteServerTime } from '../live/now.ts';
import { noteSignIn, sessionEnded, tenant } from './client.ts';

export type Scope = 'jobs:read' | 'jobs:write' | 'admin';

export interface Principal {
  name: string;
  tenant: string;
  scopes: Scope[];
  expiresAt: string | null;
}

export interface Session {
  installation: { name: string; version: string };
  authentication: 'off' | 'required';
  signIn: ('token' | 'oidc')[];
  principal: Principal | null;
  /** The issuer continues the session, or brings it back: `refreshSession`. Absent before the API knows issuers. */
  renewable?: boolean;
  /** Why the last sign-in at the issuer failed, told once. */
  signInProblem?: { code: string; title: string; detail: string; hint: string } | null;
  /** What a stand-in answers for in place of a provider; null: nothing. */
  standIn: { providers: string[]; pools: string[] } | null;
  links: { docs: string; api: string; metrics?: string };
}

/** Undefined until it has been read. */
export const session = signal<Session | undefined>(undefined);

/** Also after the session has ended: the page stays while a dialog asks for a new sign-in. */
export const isSignedIn = computed(() => (session.value?.principal ?? null) !== null);

/** Whether the user has the scope. Changing jobs needs one tenant, not all of them. */
export function can(scope: Scope): boolean {
  if (scope === 'jobs:write' && tenant.value === '*') return false;
  const scopes = session.value?.principal?.scopes ?? [];
  return scopes.includes(scope) || scopes.includes('admin');
}

/** Reads the session again. Throws what `fetch` throws, and the API's problem. */
export async function loadSession(): Promise<void> {
  const read = await readSession();
  const isAsleep = read?.principal === null && read.renewable === true;
  take(isAsleep ? ((await renewed()) ?? read) : read);
}

async function readSession(): Promise<Session | undefined> {
  try {
    return await ask('GET');
  } catch (error) {
    const isRefused = error instanceof GenwardenApiError && [400, 403, 422].includes(error.status);
    if (tenant.value === undefined || !isRefused) throw error;
    // The address names a tenant that the user may not see.
    tenant.value = undefined;
    return ask('GET');
  }
}

/** Undefined if the issuer does not continue the session, or cannot be asked now. */
async function renewed(): Promise<Session | undefined> {
  try {
    return await ask('POST', '/refresh');
  } catch {
    return undefined;
  }
}

/** Throws the API's problem if the token is refused. */
export async function signIn(token: string): Promise<void> {
  take(await ask('POST', '', { token }));
}

/** Everything that the page knows belongs to the user who leaves. */
export async function signOut(): Promise<void> {
  await ask('DELETE');
  location.assign(pathTo('/sign-in'));
}

/** Continues the session. If the issuer does not, another tab may have done it, or the session is over. */
export async function refreshSession(): Promise<void> {
  const answer = await renewed();
  if (answer === undefined) await loadSession();
  else take(answer);
}

/** Not by `apiFetch`: a refused token ends no session. Undefined without content. */
async function ask(method: string, path = '', body?: object): Promise<Session | undefined> {
  const response = await fetch(pathTo(`/console/session${path}`), {
    method,
    credentials: 'same-origin',
    headers: {
      ...(tenant.value === undefined ? {} : { 'genwarden-namespace': tenant.value }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  noteServerTime(response.headers.get('date'));
  if (response.status === 204) return undefined;
  const answer = (await response.json()) as Session & { title: string; status: number; detail: string };
  if (!response.ok) throw new GenwardenApiError({ code: 'Unknown', hint: '', ...answer });
  return answer;
}

/** Another user gets a new page: what this one shows is not theirs. */
function take(answer: Session | undefined): void {
  if (answer === undefined) return;
  const before = session.value?.principal ?? null;
  const after = answer.principal;
  if (before !== null && after === null) {
    sessionEnded.value = true;
    return;
  }
  if (before !== null && (before.name !== after!.name || before.tenant !== after!.tenant)) {
    location.reload();
    return;
  }
  // The same answer renders nothing again.
  if (JSON.stringify(answer) !== JSON.stringify(session.value)) session.value = answer;
  if (after !== null) noteSignIn();
}
