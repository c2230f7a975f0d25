// The sign-in, where the installation requires one. It has no frame, because nothing is visible without a session.

import { useEffect } from 'preact/hooks';
import { session } from '../../api/session.ts';
import { pathTo } from '../../base.ts';
import { Code } from '../../components/Copy.tsx';
import { SignInForm } from './SignInForm.tsx';
import './signIn.css';

export function SignInPage() {
  const { installation, links, signInProblem = null } = session.value!;
  const code = signInProblem?.code ?? new URLSearchParams(location.search).get('error');
  useEffect(() => {
    document.title = `Sign in · ${installation.name}`;
  }, [installation.name]);
  return (
    <main class="sign-in">
      <div class="sign-in-title">
        <img src={pathTo('/console/icon.svg')} alt="" width={32} height={32} />
        <div>
          <h1>Sign in</h1>
          <p class="muted">
            {installation.name} {installation.version}
          </p>
        </div>
      </div>
      {code === null ? null : (
        <div class="problem" role="alert">
          <p>
            <strong>{signInProblem?.title ?? 'The sign-in failed'}</strong> <code>{code.slice(0, 64)}</code>
          </p>
          {signInProblem === null ? null : (
            <>
              <p>{signInProblem.detail}</p>
              <p class="muted">{signInProblem.hint}</p>
            </>
          )}
        </div>
      )}
      <SignInForm />
      {session.value!.signIn.includes('token') ? <AboutTokens docs={links.docs} /> : null}
    </main>
  );
}

function AboutTokens({ docs }: { docs: string }) {
  return (
    <details class="sign-in-about">
      <summary>Where to get a token</summary>
      <div class="stack sign-in-about-text">
        <p>
          A token says whose jobs you see and what you may do. Programs send it with each request; here it becomes a
          cookie that no script can read, and that ends with the browser.
        </p>
        <p>The operator of the installation creates one, with as few rights as you need:</p>
        <Code
          text="genwarden token create --name me --tenant default --scope jobs:read jobs:write --expires 90d --file tokens.json"
          label="Example command"
        />
        <p>
          <a href={docs}>The documentation</a> explains tokens, scopes and tenants.
        </p>
      </div>
    </details>
  );
}
