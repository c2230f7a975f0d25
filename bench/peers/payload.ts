// What both systems store of a task, and what both HTTP APIs accept.

export const promptOf = (id: number): string => `a short text about front yard ${id} with native plants`;

/** What a program that uses BullMQ would store of the same task. */
export const dataOf = (id: number): TaskData => ({
  kind: 'text',
  pool: 'default',
  priority: 'normal',
  input: { prompt: promptOf(id) },
  labels: {},
  metadata: {},
});

export interface TaskData {
  readonly kind: string;
  readonly pool: string;
  readonly priority: string;
  readonly input: { readonly prompt: string };
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The body of `POST /v1/jobs`. */
export const bodyOf = (id: number): string =>
  JSON.stringify({
    kind: 'text',
    input: { prompt: promptOf(id) },
    labels: { project: 'p42' },
    metadata: { brandId: 'b1' },
  });
