// The error of a task or of an attempt: its code, which leads to its page, the message, what to do, and the provider's answer.

import type { TaskError } from '../../../client/index.ts';
import { session } from '../../api/session.ts';
import { Words } from '../../components/Words.tsx';

export function ErrorFacts({ error }: { error: TaskError }) {
  const { code, message, hint, provider, retryable } = error;
  const docs = session.value!.links.docs.replace(/\/$/, '');
  return (
    <div class="error-facts">
      <p>
        <a href={`${docs}/errors#${code.toLowerCase()}`} target="_blank" rel="noreferrer">
          <code>{code}</code>
        </a>{' '}
        <span class="muted">
          {retryable ? 'retried automatically while attempts are left' : 'not retried automatically'}
        </span>
      </p>
      <p dir="auto">{message}</p>
      <p class="muted">
        <Words text={hint} />
      </p>
      {provider === null ? null : (
        <p class="muted">
          The provider answered{provider.status === undefined ? '' : ` with status ${provider.status}`}
          {provider.code === undefined ? '' : ` ${provider.code}`}.
        </p>
      )}
    </div>
  );
}
