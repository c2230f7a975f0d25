// What the form of a new job holds. It is kept in memory, so that it survives a visit to another page.

import { signal } from '@preact/signals';
import type { Kind, Priority } from '../../../client/index.ts';

/** A reference image from its file to its digest. */
export interface FormReference {
  /** Within this tab. */
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  /** For the preview: a `blob:` address, or one of the API. */
  readonly preview: string;
  readonly caption: string;
  readonly upload:
    | { readonly state: 'sending'; readonly fraction: number }
    | { readonly state: 'stored'; readonly artifact: string }
    | { readonly state: 'failed'; readonly error: unknown };
}

/** Texts as they were typed: `requestOf` makes the request of them. */
export interface JobForm {
  readonly kind: Kind;
  readonly prompt: string;
  readonly system: string;
  /** Empty: the pool that the API takes. */
  readonly pool: string;
  /** Empty: the pool's first model of the kind. */
  readonly model: string;
  readonly aspectRatio: string;
  readonly imageSize: string;
  readonly references: readonly FormReference[];
  /** Number of tasks. */
  readonly variations: string;
  /** One task a line: its name, or its name, `=` and its prompt. */
  readonly taskLines: string;
  readonly schema: string;
  readonly priority: Priority;
  /** `key=value`, one a line. */
  readonly labels: string;
  readonly attemptTimeout: string;
  readonly runTimeout: string;
  readonly queueTimeout: string;
  readonly reviewTimeout: string;
  readonly deadline: string;
  readonly maxAttempts: string;
  readonly reviewAlways: boolean;
  readonly seed: string;
  readonly providerOptions: string;
}

export const emptyForm: JobForm = {
  kind: 'image',
  prompt: '',
  system: '',
  pool: '',
  model: '',
  aspectRatio: '',
  imageSize: '',
  references: [],
  variations: '1',
  taskLines: '',
  schema: '',
  priority: 'normal',
  labels: '',
  attemptTimeout: '',
  runTimeout: '',
  queueTimeout: '',
  reviewTimeout: '',
  deadline: '',
  maxAttempts: '',
  reviewAlways: false,
  seed: '',
  providerOptions: '',
};

/** For an installation without jobs. */
export const exampleForm: JobForm = {
  ...emptyForm,
  prompt: 'A small front yard with native plants and a stone path, late afternoon light',
  taskLines: [
    'front-yard',
    'walkway = The walkway from the street to the door, lavender on both sides',
    'night = The same front yard at night, lanterns along the path',
  ].join('\n'),
  variations: '3',
};

export const form = signal<JobForm>(emptyForm);

export function change(changes: Partial<JobForm>): void {
  form.value = { ...form.value, ...changes };
}

export function changeReference(id: number, changes: Partial<FormReference>): void {
  const references = form.value.references.map((one) => (one.id === id ? { ...one, ...changes } : one));
  change({ references });
}

/** Nothing has been typed or dropped yet. */
export const isUntouched = (): boolean => form.value === emptyForm;
