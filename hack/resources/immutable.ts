// The rule that keeps the spec of a GenerationJob as it is, apart from some fields.

import { generationJobSpec, mutableFields } from '../../src/operator/resources/generationJob.ts';
import type { Rule } from './structural.ts';

/**
 * CEL does not see `jobMetadata`, which may be any JSON, apart from the whole spec. So a change of it is accepted together with a change
 * of a mutable field; the operator has read it at the submit.
 */
export const immutableRule: Rule = {
  rule: `self == oldSelf || (${mutableFields.map(changed).join(' || ')}) && ${seenFields()
    .map((field) => `!(${changed(field)})`)
    .join(' && ')}`,
  message: `cannot be changed, except for ${mutableFields.join(' and ')}: make another GenerationJob`,
};

function seenFields(): string[] {
  const others = new Set<string>(['jobMetadata', ...mutableFields]);
  return Object.keys(generationJobSpec.shape).filter((field) => !others.has(field));
}

/** Optional types (`self.?field`) have no bounded cost. */
function changed(field: string): string {
  return `has(self.${field}) != has(oldSelf.${field}) || has(self.${field}) && self.${field} != oldSelf.${field}`;
}
