// The same submit as lines to copy.

import { useState } from 'preact/hooks';
import type { SubmitRequest } from '../../../client/index.ts';
import { tenant } from '../../api/client.ts';
import { session } from '../../api/session.ts';
import { apiUrl } from '../../base.ts';
import { Code } from '../../components/Copy.tsx';
import type { Installation } from './lines/installation.ts';
import { pythonProgram, typeScriptProgram } from './lines/programs.ts';
import { commandLine, curlLine } from './lines/shell.ts';

const forms: readonly [title: string, write: (request: SubmitRequest, installation: Installation) => string][] = [
  ['curl', curlLine],
  ['CLI', commandLine],
  ['TypeScript', typeScriptProgram],
  ['Python', pythonProgram],
];

export function Lines({ request }: { request: SubmitRequest }) {
  const [chosen, choose] = useState(0);
  const [title, write] = forms[chosen]!;
  const needsToken = session.value?.authentication === 'required';
  const text = write(request, { url: apiUrl, needsToken, tenant: tenant.value });
  return (
    <section class="create-lines" aria-labelledby="create-lines-title">
      <h2 id="create-lines-title">The same as</h2>
      <div class="create-line-forms" role="group" aria-label="Form of the lines">
        {forms.map(([name], at) => (
          <button key={name} type="button" aria-pressed={at === chosen} onClick={() => choose(at)}>
            {name}
          </button>
        ))}
      </div>
      <Code text={text} label={`The submit as ${title}`} />
      {needsToken ? (
        <p class="muted create-hint">
          <code>GENWARDEN_TOKEN</code> holds your token.
        </p>
      ) : null}
    </section>
  );
}
