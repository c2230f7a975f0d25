// Over the page, when the session has ended: what was typed stays, and the page continues after the new sign-in.

import { useEffect } from 'preact/hooks';
import { loadSession, session } from '../../api/session.ts';
import { sessionEnded } from '../../api/client.ts';
import { Dialog } from '../../components/Dialog.tsx';
import { SignInForm } from './SignInForm.tsx';
import './signIn.css';

export function ExpiredDialog() {
  // Another tab may have signed in.
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === 'visible') void loadSession().catch(() => undefined);
    };
    document.addEventListener('visibilitychange', look);
    window.addEventListener('focus', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('focus', look);
    };
  }, []);
  const name = session.value?.principal?.name;
  return (
    <Dialog title="Your sign-in has expired" onClose={() => (sessionEnded.value = false)}>
      <div class="stack">
        <p>
          The page is kept as it is. Sign in again{name === undefined ? '' : ` as ${name}`} to continue; jobs run on
          meanwhile.
        </p>
        <SignInForm keepsPage />
      </div>
    </Dialog>
  );
}
