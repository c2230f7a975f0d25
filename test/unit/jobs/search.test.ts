// The search in the list of jobs, by the identity of a job's first task.
import { describe, expect, test } from 'vitest';
import { searchFor } from '../../../src/jobs/search.ts';
import { identity } from '../../fakes/tasks.ts';

const yard = identity({
  job: '0c1v7q2m9x4k8d3f6h5j0n1p2r',
  pool: 'pictures-eu',
  labels: { 'app.example/Project': 'P42', stage: 'draft' },
  promptStart: 'The Front Yard with Native Plants in Ünder-Straße',
});

describe('search', () => {
  test.each([
    '0c1v7q',
    '0C1V7Q2M',
    'front yard',
    'YARD  native',
    'plants front',
    'ünder-straße',
    'u\u0308nder',
    'p42',
    'project',
    'stage=draft',
    'tures-e',
    'draft native pictures 0c1v',
  ])('%j finds the job', (text) => {
    expect(searchFor(text)(yard)).toBe(true);
  });

  test.each(['c1v7q', 'front yards', 'yard winter', 'draft\nfront=', 'stage=P42', '.*', '[a-z]', '%'])(
    '%j does not',
    (text) => {
      expect(searchFor(text)(yard)).toBe(false);
    },
  );

  test('a job of an earlier version is found by what it has', () => {
    const old = identity({ pool: yard.pool });
    expect(searchFor('front')(old)).toBe(false);
    expect(searchFor('pictures')(old)).toBe(true);
  });
});
