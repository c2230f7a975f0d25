// The error of a task or of an attempt: its code, which leads to its page, the message, what to do, and the provider's answer.

import type { TaskError } from '../../../client/index.ts';
import { session } from '../../api/session.ts';

export function ErrorFacts({ error }: { error: TaskError }) {
  const { code, message, hint, provider, retryable } = error;
  const docs = session.value!.links.docs.replace(/\/$/, '');
  return (
    <div class="error-facts">
      <p>
        <a href={`${docs}/errors#${code.toLowerCase()}`} target="_blank" rel="noreferrer">
          <code>{code}</code>
        </a>{' '}
        <span class="muted">{retryable ? 'worth another attempt' : 'another attempt would not help'}</span>
      </p>
      <p dir="auto">{message}</p>
      <p class="muted">{hint}</p>
      {provider === null ? null : (
        <p class="muted">
          The provider answered{provider.status === undefined ? '' : ` with status ${provider.status}`}
          {provider.code === undefined ? '' : ` ${provider.code}`}.
        </p>
      )}
    </div>
  );
}
