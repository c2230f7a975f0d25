// The sign-in, where the installation requires one. It has no frame, because nothing is visible without a session.

import { useRef, useState } from 'preact/hooks';
import { signIn } from '../../api/session.ts';
import { Problem } from '../../components/Problem.tsx';

export function SignInPage() {
  const field = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<unknown>(undefined);
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const token = field.current!.value.trim();
    try {
      await signIn(token);
    } catch (thrown) {
      setError(thrown);
    }
  }
  return (
    <main class="sign-in stack">
      <h1>Sign in</h1>
      {error === undefined ? null : <Problem error={error} />}
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <label class="stack">
          Token
          <input ref={field} type="password" autoComplete="off" required />
        </label>
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
    </main>
  );
}
