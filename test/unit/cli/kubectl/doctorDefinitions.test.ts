// `doctor` about the CustomResourceDefinitions.
import { expect, test } from 'vitest';
import { definitions as generated } from '../../../../hack/resources/definitions.ts';
import type { Definition } from '../../../../src/cli/kubectl/doctor/kinds.ts';
import { definitionChecks } from '../../../../src/cli/kubectl/doctor/surroundings.ts';
import type { ClusterView } from '../../../../src/cli/kubectl/doctor/view.ts';

const versions = [
  { name: 'v1alpha1', served: true, storage: false, replacedBy: 'v1beta1' },
  { name: 'v1beta1', served: true, storage: true },
];

/** What doctor says of definitions in which objects of pools may be stored in these versions. */
function said(poolsStoredAs: readonly string[]): string[] {
  const definitions = generated(versions).map((each) => ({
    ...each,
    status: { storedVersions: each.spec.names.kind === 'WorkerPool' ? poolsStoredAs : ['v1beta1'] },
  }));
  const view = { definitions: definitions as unknown as readonly Definition[] } as ClusterView;
  return definitionChecks(view).map(({ name, says, advice }) => `${name}: ${says} → ${advice}`);
}

test('objects that may be stored in an older version are named, with the command', () => {
  expect(said(['v1alpha1', 'v1beta1'])).toEqual([
    'definitions: CustomResourceDefinition workerpools.genwarden.dev may have objects stored as v1alpha1; the storage version is v1beta1 → Rewrite them before a release removes it: `kubectl genwarden migrate-storage-version`.',
  ]);
});

test('after the migration there is nothing to say', () => {
  expect(said(['v1beta1'])).toEqual([]);
});
