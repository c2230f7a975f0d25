// What the page shows without rows: how to submit the first job, or that the filter matches nothing.

import { apiUrl, pathTo } from '../../base.ts';
import { can, session } from '../../api/session.ts';
import { Code } from '../../components/Copy.tsx';
import { ClearFilters } from './Filters.tsx';
import { isUnfiltered, type Filter } from './list/filter.ts';

export function EmptyList({ filter }: { filter: Filter }) {
  if (!isUnfiltered(filter)) {
    return (
      <div class="card stack jobs-empty">
        <p>No job matches the filter.</p>
        <div>
          <ClearFilters />
        </div>
      </div>
    );
  }
  return can('jobs:write') ? (
    <FirstJob />
  ) : (
    <div class="card jobs-empty">
      <p>There are no jobs yet. They appear here as they are submitted.</p>
    </div>
  );
}

function FirstJob() {
  const token = session.value?.authentication === 'required';
  return (
    <div class="card stack jobs-empty">
      <div>
        <h2>There are no jobs yet</h2>
        <p class="muted">Submit the first one. It appears here at once, and its picture as soon as it arrives.</p>
      </div>
      {token ? (
        <p>
          Both use the token in <code>GENWARDEN_TOKEN</code>.
        </p>
      ) : null}
      <Code label="Command line" text={command()} />
      <Code label="curl" text={curl(token)} />
      <div>
        <a class="button primary" href={pathTo('/new')}>
          Fill in a form instead
        </a>
      </div>
    </div>
  );
}

const prompt = 'a front yard with native plants';

/** The address that the command line uses by default. */
const usualAddress = /^http:\/\/(?:127\.0\.0\.1|localhost):8080$/;

function command(): string {
  const url = usualAddress.test(apiUrl) ? '' : ` --url ${apiUrl}`;
  return `genwarden submit --prompt "${prompt}" --watch${url}`;
}

const curl = (token: boolean): string =>
  [
    `curl -s ${apiUrl}/v1/jobs -H 'content-type: application/json' \\`,
    ...(token ? [`  -H "authorization: Bearer $GENWARDEN_TOKEN" \\`] : []),
    `  -d '${JSON.stringify({ kind: 'image', input: { prompt } })}'`,
  ].join('\n');
