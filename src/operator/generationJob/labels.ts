// Which labels of a resource become labels of its job: those that people gave it, not what tools note down for themselves.

import { labelKeyProblem, labelValueProblem } from '../../jobs/submit/labels.ts';

/** As many as a job takes. */
const most = 16;

/** Domains, and all below them, whose labels say who deploys a resource and how, not what it is. */
const toolDomains = ['kubernetes.io', 'k8s.io', 'helm.sh', 'fluxcd.io', 'argoproj.io', 'kustomize.io'];

/** At most 16, the first by the order of their keys where there are more. */
export function jobLabels(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(labels).filter(([key, value]) => isValid(key, value) && !isOfTool(key));
  return Object.fromEntries(own.toSorted(([one], [two]) => (one < two ? -1 : 1)).slice(0, most));
}

const isValid = (key: string, value: string): boolean =>
  labelKeyProblem(key) === undefined && labelValueProblem(value) === undefined;

function isOfTool(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return false;
  const prefix = key.slice(0, slash);
  return toolDomains.some((domain) => prefix === domain || prefix.endsWith(`.${domain}`));
}
