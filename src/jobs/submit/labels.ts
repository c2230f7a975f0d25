// The syntax of Kubernetes labels. Job labels follow it, so that they can come from custom resources.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set

const nameForm = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefixForm = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;

export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  if (prefix !== undefined && (prefix.length > 253 || !prefixForm.test(prefix))) {
    return 'is not a label key: the prefix must be a DNS name of at most 253 characters';
  }
  return nameForm.test(key.slice(slash + 1))
    ? undefined
    : 'is not a label key: use 1 to 63 letters, digits, -, _ and ., with a letter or digit at both ends';
}

export function labelValueProblem(value: string): string | undefined {
  return value === '' || nameForm.test(value)
    ? undefined
    : 'is not a label value: use at most 63 letters, digits, -, _ and ., with a letter or digit at both ends';
}
