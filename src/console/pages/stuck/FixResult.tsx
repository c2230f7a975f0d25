// What became of the tasks that were to fail.

import type { FixedTask } from '../../../client/index.ts';
import { pathTo } from '../../base.ts';
import { fixedText, fixSummary } from './groups.ts';

export function FixResult({ fixed, onDismiss }: { fixed: readonly FixedTask[]; onDismiss: () => void }) {
  return (
    <section class="card stack" role="status">
      <div class="row spread">
        <h2>{fixSummary(fixed)}</h2>
        <button type="button" class="plain" onClick={onDismiss}>
          Dismiss
        </button>
      </div>
      <ul class="stuck-fixes">
        {fixed.map(({ job, task, outcome }) => (
          <li key={`${job}/${task}`}>
            <a class="mono" href={pathTo(`/jobs/${job}`)}>
              {job}/{task}
            </a>{' '}
            <span class={outcome === 'failed' ? '' : 'stuck-unchanged'}>{fixedText[outcome]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
