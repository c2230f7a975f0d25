import { describe, expect, it } from 'vitest';
import { mutants, type Mutant } from './mutants.ts';
import { providerMutants } from './providerMutants.ts';
import { simulate } from './simulate.ts';

async function firstFound({ seams, kind, within }: Mutant): Promise<{ seed: number; invariant: string } | undefined> {
  for (let seed = 1; seed <= within; seed += 1) {
    const { violation } = await simulate(seed, { seams, ...(kind === undefined ? {} : { kind }) });
    if (violation !== undefined) return { seed, invariant: violation.invariant };
  }
  return undefined;
}

describe('the simulation finds', () => {
  it.for([...mutants, ...providerMutants])('$name', { timeout: 120_000 }, async (mutant) => {
    const found = await firstFound(mutant);
    console.info(`${mutant.name}: ${found?.invariant} at seed ${found?.seed}`);
    expect(mutant.by).toContain(found?.invariant);
  });
});
