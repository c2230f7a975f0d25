// The discovery documents: which resources there are. The aggregator of the API server prefers the form for all groups at once.

import { apiVersion, categories, discoveredVerbs, group, kind, resource, shortNames, version } from '../resource.ts';

const groupVersion = { groupVersion: apiVersion, version };

const aggregated = 'apidiscovery.k8s.io';
export const aggregatedType = `application/json;g=${aggregated};v=v2;as=APIGroupDiscoveryList`;

/** Whether a client takes the document of all groups, in version 2. */
export const wantsAggregated = (accept: string): boolean =>
  accept.split(',').some((type) => {
    const parts = new Set(type.split(';').map((part) => part.trim()));
    return parts.has(`g=${aggregated}`) && parts.has('v=v2') && parts.has('as=APIGroupDiscoveryList');
  });

export const aggregatedDiscovery = {
  kind: 'APIGroupDiscoveryList',
  apiVersion: `${aggregated}/v2`,
  metadata: {},
  items: [
    {
      metadata: { name: group, creationTimestamp: null },
      versions: [
        {
          version,
          freshness: 'Current',
          resources: [
            {
              resource,
              responseKind: { group, version, kind },
              scope: 'Namespaced',
              singularResource: 'job',
              verbs: discoveredVerbs,
              shortNames,
              categories,
            },
          ],
        },
      ],
    },
  ],
} as const;

const apiGroup = { name: group, versions: [groupVersion], preferredVersion: groupVersion };

export const groupList = { kind: 'APIGroupList', apiVersion: 'v1', groups: [apiGroup] } as const;
export const groupDocument = { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup } as const;

export const resourceList = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: apiVersion,
  resources: [
    { name: resource, singularName: 'job', namespaced: true, kind, verbs: discoveredVerbs, shortNames, categories },
  ],
} as const;
