// How a check names objects.

import type { KubeObject } from '../../../ports/kubernetes.ts';

/** The first three. */
export const named = (objects: readonly KubeObject[]): string =>
  `${objects
    .slice(0, 3)
    .map(({ metadata }) => metadata.name)
    .join(', ')}${objects.length > 3 ? ', …' : ''}`;
