// The versions of the custom resources, the same for each kind. All have one schema, so that the API server converts between them
// without a webhook. docs/custom-resources-versions.md says how to add one, and when one may go.

import { version } from '../../src/operator/resources/kinds.ts';

export interface ResourceVersion {
  readonly name: string;
  readonly served: boolean;
  /** True for one version: the API server writes objects in it. */
  readonly storage: boolean;
  /** The version that replaces this one. Its clients get a warning, which kubectl prints. */
  readonly replacedBy?: string;
}

export const resourceVersions: readonly ResourceVersion[] = [{ name: version, served: true, storage: true }];
