// The chart's part of the aggregated API: the names of the program, and the rights that docs/jobs-api.md lists.
import { expect, test } from 'vitest';
import { apiServiceName, group, version } from '../../../src/kubeapi/resource.ts';
import { read } from '../../tidy/repository.ts';
import { readChart } from './files.ts';

test('the APIService has the name, group and version that the program serves', () => {
  expect(readChart('templates/jobs-api/_names.tpl')).toContain(`"genwarden.jobsApiVersion" -}}${version}{{- end`);
  expect(readChart('templates/jobs-api/apiservice.yaml')).toContain(`group: ${group}\n`);
  expect(read('docs/jobs-api.md')).toContain(apiServiceName);
});

test('each right is for one named object', () => {
  const rules = readChart('templates/jobs-api/rbac.yaml').split('  - apiGroups:').slice(1);
  expect(rules.map((rule) => /verbs: \[(.*)\]/.exec(rule)![1])).toEqual(['get', 'get, patch', 'get, patch']);
  for (const rule of rules) expect(rule).toContain('resourceNames: [');
});
