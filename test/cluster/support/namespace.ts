// A namespace for a test file: Pod Security "restricted" is enforced in it, a failing test prints what went on there, and
// it goes with the file. At the top of a test file: `const namespace = testNamespace('chart');`
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { printDiagnostics } from './diagnostics.ts';
import { kubectl } from './kubectl.ts';

/** Made before the first test of the file; the name is known at once. */
export function testNamespace(part: string): string {
  const name = newName(part);
  beforeAll(() => createNamespace(name));
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await printDiagnostics(name, task.name);
  });
  afterAll(() => removeNamespace(name));
  return name;
}

/** One more, for tests of several tenants; its owner removes it. */
export async function createNamespace(name: string): Promise<void> {
  await kubectl('create', 'namespace', name);
  const level = 'pod-security.kubernetes.io';
  await kubectl('label', 'namespace', name, `${level}/enforce=restricted`, `${level}/enforce-version=latest`);
}

/** Does not wait for the end: what is in it goes by itself, in seconds. */
export async function removeNamespace(name: string): Promise<void> {
  await kubectl('delete', 'namespace', name, '--wait=false', '--ignore-not-found');
}

/** Runs on one cluster do not meet. */
export const newName = (part: string): string => `${part.toLowerCase()}-${randomBytes(3).toString('hex')}`;
