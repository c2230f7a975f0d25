// The syntax of Kubernetes labels, so that a job's labels can be those of a resource.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set

const nameForm = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefixForm = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;

export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  if (prefix !== undefined && (prefix.length > 253 || !prefixForm.test(prefix))) {
    return 'is no label key: its prefix must be a DNS name of at most 253 characters';
  }
  return nameForm.test(key.slice(slash + 1))
    ? undefined
    : 'is no label key: 1 to 63 letters, digits, -, _ and ., a letter or digit at both ends';
}

export function labelValueProblem(value: string): string | undefined {
  return value === '' || nameForm.test(value)
    ? undefined
    : 'is no label value: at most 63 letters, digits, -, _ and ., a letter or digit at both ends';
}
