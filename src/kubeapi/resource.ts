// The names of the aggregated resource. kubectl reads `jobs.genwarden.dev` as the resource `jobs` of the group `genwarden.dev`. An
// APIService takes over a whole version of a group, and the CRDs serve `v1alpha1`, so that this resource has a version that no
// CRD will ever have: versions of CRDs have the form v1, v1beta1, v1alpha1.

export const group = 'genwarden.dev';
export const version = 'jobs-v1alpha1';
export const apiVersion = `${group}/${version}`;
export const resource = 'jobs';
export const kind = 'Job';
export const listKind = 'JobList';

/**
 * What discovery tells. `delete` works, but is not told: the namespace controller would wait until every job of a namespace is
 * gone, which takes their whole retention, and the garbage collector would keep all jobs in its memory.
 */
export const discoveredVerbs = ['get', 'list', 'watch'] as const;

export const shortNames = ['gwjobs'] as const;
export const categories = ['genwarden'] as const;

/** The root of the resource's addresses. */
export const root = `/apis/${group}/${version}`;

export const apiServiceName = `${version}.${group}`;
