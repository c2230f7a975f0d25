// Label and field selectors.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors

import type { JobState } from '../../job/jobState.ts';
import type { TaskIdentity } from '../../job/identity.ts';
import { taskStates } from '../../job/task.ts';
import { namespaceOf } from '../namespaces.ts';
import { StatusError } from '../status.ts';

/** What of a job never changes decides `isWanted`; its state must be one of `states`, of which none means all. */
export interface Selection {
  readonly isWanted: (of: TaskIdentity) => boolean;
  readonly states: ReadonlySet<string>;
}

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

export interface SelectionRequest {
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

/** Throws `BadRequest`. */
export function selection({ namespace, labelSelector, fieldSelector }: SelectionRequest): Selection {
  const labelTests = labelTestsIn(labelSelector);
  const { tests: fieldTests, states } = fieldsIn(fieldSelector);
  return {
    states,
    isWanted: (of) =>
      (namespace === undefined || namespaceOf(of.tenant) === namespace) &&
      labelTests.every((test) => test(of.labels)) &&
      fieldTests.every((test) => test(of)),
  };
}

/** Whether a job in this state is one of those that are selected. */
export const isSelectedState = ({ states }: Selection, state: JobState): boolean =>
  states.size === 0 || states.has(state);

/** `a=b`, `a!=b`, `a in (b, c)`, `a notin (b, c)`, `a`, `!a`, separated by commas outside of parentheses. */
function labelTestsIn(selector: string): readonly LabelTest[] {
  const parts = selector.split(/,(?![^(]*\))/).map((part) => part.trim());
  return parts.filter((part) => part !== '').map(labelTest);
}

const key = String.raw`(?<key>[A-Za-z0-9][-A-Za-z0-9_./]*)`;
const forms = {
  set: new RegExp(String.raw`^${key}\s+(?<operator>in|notin)\s*\((?<values>[^()]*)\)$`),
  equality: new RegExp(String.raw`^${key}\s*(?<operator>==?|!=)\s*(?<values>[-A-Za-z0-9_.]*)$`),
  existence: new RegExp(String.raw`^(?<operator>!?)\s*${key}$`),
};

function labelTest(text: string): LabelTest {
  const found = (forms.set.exec(text) ?? forms.equality.exec(text))?.groups;
  if (found !== undefined) {
    const { key: name = '', operator = '', values = '' } = found;
    const wanted = new Set(values.split(',').map((value) => value.trim()));
    const isNegative = operator === '!=' || operator === 'notin';
    // As Kubernetes has it, a job without the label fits a negative requirement.
    return (labels) => (Object.hasOwn(labels, name) && wanted.has(labels[name]!)) !== isNegative;
  }
  const { key: name, operator } = forms.existence.exec(text)?.groups ?? {};
  if (name === undefined) throw new StatusError('BadRequest', `unable to parse the label selector: "${text}"`);
  return (labels) => Object.hasOwn(labels, name) !== (operator === '!');
}

const identityFields: Readonly<Record<string, (of: TaskIdentity) => string>> = {
  'metadata.name': ({ job }) => job,
  'metadata.namespace': ({ tenant }) => namespaceOf(tenant),
  'spec.pool': ({ pool }) => pool,
  'spec.kind': ({ jobKind, kind }) => jobKind ?? kind,
};

const fieldNames = ['status.state', ...Object.keys(identityFields)] as const;

function fieldsIn(selector: string): {
  tests: ((of: TaskIdentity) => boolean)[];
  states: ReadonlySet<string>;
} {
  const tests: ((of: TaskIdentity) => boolean)[] = [];
  let states: ReadonlySet<string> = new Set(taskStates);
  for (const part of selector.split(',').filter((each) => each.trim() !== '')) {
    const [, name = '', operator, value = ''] = /^\s*([\w.]+)\s*(==?|!=)\s*(\S*)\s*$/.exec(part) ?? [];
    const isNegative = operator === '!=';
    const read = identityFields[name];
    if (name === 'status.state') states = statesIn(states, value, isNegative);
    else if (read !== undefined) tests.push((of) => (read(of) === value) !== isNegative);
    else throw unknownField(part);
  }
  if (states.size === taskStates.length) return { tests, states: new Set() };
  // No state fits: an empty set would mean all.
  return { tests: states.size === 0 ? [...tests, () => false] : tests, states };
}

function statesIn(among: ReadonlySet<string>, value: string, isNegative: boolean): ReadonlySet<string> {
  if (!taskStates.includes(value as JobState)) {
    const message = `status.state has no value "${value}": it is one of ${taskStates.join(', ')}`;
    throw new StatusError('BadRequest', message);
  }
  return new Set([...among].filter((state) => (state === value) !== isNegative));
}

const unknownField = (part: string): StatusError =>
  new StatusError('BadRequest', `field label not supported: "${part.trim()}": use ${fieldNames.join(', ')}`);
