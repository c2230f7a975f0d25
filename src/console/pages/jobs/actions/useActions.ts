// The actions of the list: asked about first, in a dialog.

import { useState } from 'preact/hooks';
import type { ListedJob } from '../../../../client/index.ts';
import { can } from '../../../api/session.ts';
import { permits, type BulkAction } from './bulk.ts';
import type { BulkRequest } from './BulkDialog.tsx';

export interface Actions {
  readonly permitted: boolean;
  /** What the dialog asks about. */
  readonly request: BulkRequest | undefined;
  /** Opens the dialog for those of the jobs that permit the action. */
  readonly ask: (action: BulkAction, jobs: readonly ListedJob[]) => void;
  readonly close: () => void;
}

export function useActions(): Actions {
  const [request, setRequest] = useState<BulkRequest | undefined>(undefined);
  const permitted = can('jobs:write');
  function ask(action: BulkAction, jobs: readonly ListedJob[]): void {
    const allowed = jobs.filter((job) => permits(job, action));
    if (permitted && allowed.length > 0) setRequest({ action, jobs: allowed });
  }
  return { permitted, request, ask, close: () => setRequest(undefined) };
}
