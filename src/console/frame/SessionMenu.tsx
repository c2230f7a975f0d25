// Who is signed in, with which rights and until when; the tenant that is shown; the sign-out.

import { useState } from 'preact/hooks';
import { tenant } from '../api/client.ts';
import { can, session, signOut, type Principal } from '../api/session.ts';
import { Dialog } from '../components/Dialog.tsx';
import { act } from '../components/Notices.tsx';
import { Countdown, Moment } from '../components/Time.tsx';
import { TenantForm } from './TenantForm.tsx';
import { ThemeChoice } from './ThemeChoice.tsx';

export function SessionMenu() {
  const [isOpen, setOpen] = useState(false);
  const current = session.value;
  const principal = current?.principal ?? null;
  if (current === undefined || principal === null) return null;
  const shown = tenant.value ?? principal.tenant;
  const isOff = current.authentication === 'off';
  return (
    <>
      <button
        type="button"
        class={isOff ? 'session-button off' : 'session-button'}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <span class="heard">Session: </span>
        <span class="session-name" dir="auto">
          {isOff ? 'no sign-in' : principal.name}
        </span>
        <span class="muted session-tenant">{shown === '*' ? 'all tenants' : shown}</span>
      </button>
      {isOpen ? (
        <Dialog title="Session" onClose={() => setOpen(false)}>
          <div class="stack">
            <SessionFacts principal={principal} isOff={isOff} />
            {can('admin') ? <TenantForm /> : null}
            {isOff ? null : (
              <div class="row spread">
                <ThemeChoice titled />
                <button type="button" onClick={() => void act(signOut, 'Signed out')}>
                  Sign out
                </button>
              </div>
            )}
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

function SessionFacts({ principal, isOff }: { principal: Principal; isOff: boolean }) {
  const { name, scopes, expiresAt } = principal;
  if (isOff) return <p>The API requires no sign-in: everyone who reaches it may do everything.</p>;
  return (
    <dl class="session-facts">
      <dt>Signed in as</dt>
      <dd dir="auto">{name}</dd>
      <dt>Tenant of the sign-in</dt>
      <dd>{principal.tenant}</dd>
      <dt>May</dt>
      <dd>{scopes.length === 0 ? 'nothing in this tenant' : scopes.map(scopeWords).join(', ')}</dd>
      <dt>Expires</dt>
      <dd>
        {expiresAt === null ? (
          'not by itself'
        ) : (
          <>
            <Moment at={expiresAt} plain /> (<Countdown until={expiresAt} past="now" />)
          </>
        )}
      </dd>
    </dl>
  );
}

function scopeWords(scope: string): string {
  const words: Readonly<Record<string, string>> = {
    'jobs:read': 'read jobs',
    'jobs:write': 'submit and change jobs',
    admin: 'administer all tenants and pools',
  };
  return words[scope] ?? scope;
}
