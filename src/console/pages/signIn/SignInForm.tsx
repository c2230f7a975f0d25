// The ways to sign in that the installation offers. The token is in the field until it has been accepted, and nowhere else.

import { useRef, useState } from 'preact/hooks';
import { GenwardenApiError } from '../../../client/index.ts';
import { session, signIn } from '../../api/session.ts';
import { base, pathTo } from '../../base.ts';
import { Problem } from '../../components/Problem.tsx';
import { askedFor, oidcLink } from './returnTo.ts';

interface SignInFormProps {
  /** Opens the identity provider in another tab, so that this page keeps what it holds. */
  keepsPage?: boolean;
  onSignedIn?: () => void;
}

export function SignInForm({ keepsPage = false, onSignedIn }: SignInFormProps) {
  const ways = session.value?.signIn ?? [];
  const back = keepsPage ? '/' : askedFor(location, base);
  return (
    <div class="stack">
      {ways.includes('oidc') ? (
        <a
          class="button primary"
          href={pathTo(oidcLink(back))}
          {...(keepsPage ? { target: '_blank', rel: 'noopener' } : {})}
        >
          Sign in with your identity provider{keepsPage ? ' (new tab)' : ''}
        </a>
      ) : null}
      {ways.length > 1 ? <p class="muted sign-in-or">or</p> : null}
      {ways.includes('token') ? <TokenForm isFirst={!ways.includes('oidc')} onSignedIn={onSignedIn} /> : null}
    </div>
  );
}

function TokenForm({ isFirst, onSignedIn }: { isFirst: boolean; onSignedIn: (() => void) | undefined }) {
  const field = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await signIn(field.current!.value.trim());
      if (field.current !== null) field.current.value = '';
      onSignedIn?.();
    } catch (thrown) {
      setError(asRefusedToken(thrown));
      field.current?.select();
    } finally {
      setBusy(false);
    }
  }
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <label class="sign-in-field">
        Token
        <input ref={field} type="password" autoComplete="off" spellcheck={false} required placeholder="gw_…" />
      </label>
      {error === undefined ? null : <Problem error={error} />}
      <button type="submit" class={isFirst ? 'primary' : ''} disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}

/** The hint of the catalogue is for programs. */
function asRefusedToken(error: unknown): unknown {
  if (!(error instanceof GenwardenApiError) || error.status !== 401) return error;
  const hint = 'Check that the token is whole, and that it was not revoked.';
  return new GenwardenApiError({ ...error.problem, title: 'The token is not accepted', hint });
}
