// The template of the paths under which an S3 store keeps the artifacts of tasks, such as
// `{tenant}/{labels.project}/{job}/{task}-{name}.{ext}`. Values become safe parts of a path.

import type { JobId, TaskIndex } from './ids.ts';

export const defaultPathTemplate = '{tenant}/{labels.project}/{job}/{task}-{name}.{ext}';

/** What a path can name. */
export interface PathValues {
  readonly tenant: string;
  readonly job: JobId;
  readonly task: TaskIndex;
  /** Of the artifact: `image`, `thumbnail`, `metadata`, … */
  readonly name: string;
  readonly mediaType: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Part = string | ((values: PathValues) => string);

/** Stands for a label that the job does not have, and for a value without a usable character. */
const missing = 'none';
const longestValue = 64;
/** Below the 255 bytes of a file name and the 1,024 of a key, with room for a suffix. */
const longestSegment = 240;
const longestPath = 900;

const placeholders: Readonly<Record<string, (values: PathValues) => string>> = {
  tenant: ({ tenant }) => tenant,
  job: ({ job }) => job,
  task: ({ task }) => String(task),
  name: ({ name }) => name,
  ext: ({ mediaType }) => extensionOf(mediaType),
};
/** Without these, two artifacts could have the same path. */
const required = ['job', 'task', 'name'];

/** Returns what is wrong with the template, or undefined. */
export function pathTemplateProblem(template: string): string | undefined {
  if (template.length > longestPath) return `has more than ${longestPath} characters`;
  const names = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!);
  const unknown = names.find((name) => placeholders[name] === undefined && !/^labels\.[\w./-]{1,317}$/.test(name));
  if (unknown !== undefined) return `names {${unknown}}: use {tenant}, {labels.<key>}, {job}, {task}, {name} and {ext}`;
  const absent = required.find((name) => !names.includes(name));
  if (absent !== undefined) return `lacks {${absent}}, without which two artifacts could have the same path`;
  const longest = template.replaceAll(/\{[^{}]*\}/g, 'v'.repeat(longestValue));
  const odd = /[^\w./-]/.exec(longest)?.[0];
  if (odd !== undefined) return `has the character ${JSON.stringify(odd)}; letters, digits, . _ - and / are allowed`;
  const segments = longest.split('/');
  const wrong = segments.find((segment) => !/^[A-Za-z0-9-]/.test(segment));
  if (wrong === '') return 'has an empty part: no / at its start, its end or after another /';
  if (wrong !== undefined) return `has a part that starts with ${wrong[0]}`;
  if (longest.length <= longestPath && segments.every(({ length }) => length <= longestSegment)) return undefined;
  return `is too long: with values of ${longestValue} characters each, a part may have ${longestSegment} and all of them ${longestPath}`;
}

/** `template` must have no problem. `suffix`: goes before the extension, if there is one. */
export function pathOf(template: string, values: PathValues, suffix = ''): string {
  const path = partsOf(template)
    .map((part) => (typeof part === 'string' ? part : safe(part(values))))
    .join('');
  if (suffix === '') return path;
  const dot = path.lastIndexOf('.');
  return dot <= path.lastIndexOf('/') + 1 ? `${path}-${suffix}` : `${path.slice(0, dot)}-${suffix}${path.slice(dot)}`;
}

function partsOf(template: string): readonly Part[] {
  return template.split(/(\{[^{}]*\})/).map((part): Part => {
    const name = /^\{(.*)\}$/.exec(part)?.[1];
    if (name === undefined) return part;
    return placeholders[name] ?? (({ labels }) => labels[name.slice('labels.'.length)] ?? missing);
  });
}

/** No slash, control or odd character, and no dot or underscore at either end, so that no value is `..` or hidden. */
function safe(value: string): string {
  const plain = value.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replaceAll(/\.{2,}/g, '.');
  return plain.slice(0, longestValue).replaceAll(/^[._]+|[._]+$/g, '') || missing;
}

const extensions: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'text/plain': 'txt',
};

/** Without the dot: `png`, `jpg`, `json`, … */
export function extensionOf(mediaType: string): string {
  const type = mediaType.split(';', 1)[0]!.trim().toLowerCase();
  return extensions[type] ?? /^\w+\/([a-z0-9]{1,10})$/.exec(type)?.[1] ?? 'bin';
}
