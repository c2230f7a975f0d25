// Advice for a pool that a WorkerPool defines in Kubernetes: what the operator sets is changed there, and nowhere else.

import type { Pool } from '../../../client/index.ts';

type Managed = NonNullable<Pool['managed']>;

/** Ends a pause by spec.paused. */
export const resumePatch = ({ namespace, name }: Managed): string =>
  `kubectl patch workerpool ${name} -n ${namespace} --type merge -p '{"spec":{"paused":false}}'`;

export const nameSecret = ({ name }: Managed): string => `Name a Secret in spec.keys of WorkerPool ${name}.`;

export const replaceInSecret = ({ name }: Managed): string =>
  `Put new keys into the Secrets that spec.keys of WorkerPool ${name} names; its workers use them within about a minute.`;
