// A namespace for a test file with Pod Security "restricted". A failing test prints its objects and logs, and it is deleted at
// the end of the file. At the top of a test file: `const namespace = testNamespace('chart');`
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { printDiagnostics } from './diagnostics.ts';
import { kubectl } from './kubectl.ts';

/** Created before the first test of the file; the name is known at once. */
export function testNamespace(part: string): string {
  const name = newName(part);
  beforeAll(() => createNamespace(name));
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await printDiagnostics(name, task.name);
  });
  afterAll(() => removeNamespace(name));
  return name;
}

/** An additional namespace, for tests of several tenants; the caller removes it. */
export async function createNamespace(name: string): Promise<void> {
  await kubectl('create', 'namespace', name);
  const level = 'pod-security.kubernetes.io';
  await kubectl('label', 'namespace', name, `${level}/enforce=restricted`, `${level}/enforce-version=latest`);
}

/** Does not wait until the namespace is gone, which takes seconds. */
export async function removeNamespace(name: string): Promise<void> {
  await kubectl('delete', 'namespace', name, '--wait=false', '--ignore-not-found');
}

/** Unique, so that runs in the same cluster do not interfere. */
export const newName = (part: string): string => `${part.toLowerCase()}-${randomBytes(3).toString('hex')}`;
