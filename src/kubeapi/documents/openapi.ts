// The OpenAPI documents, from which `kubectl explain` describes the fields, and which the aggregator adds to those of the cluster.

import { createHash } from 'node:crypto';
import { taskStates } from '../../job/task.ts';
import { group, kind, listKind, resource, root, version } from '../resource.ts';

const gvk = { group, version, kind };
const name = `dev.genwarden.jobs.v1alpha1.${kind}`;
const listName = `${name}List`;

const text = (description: string, more: object = {}): object => ({ type: 'string', description, ...more });
const time = (description: string): object => text(description, { format: 'date-time' });
const count = (description: string): object => ({ type: 'integer', format: 'int32', description });
const fields = (description: string, properties: object): object => ({ type: 'object', description, properties });

const metadata = {
  type: 'object',
  description: "Standard object's metadata. The name is the job's id, the namespace that of its tenant.",
};

const spec = fields('What was submitted.', {
  tenant: text('The tenant of the job; its namespace, unless its name cannot be one.'),
  pool: text('The pool that runs the job.'),
  kind: text('What the job makes.', { enum: ['image', 'text'] }),
  model: text('The model that makes it.'),
  priority: text('How urgent the job is.'),
});

const tasks = fields('The number of tasks in each state.', {
  total: count('All tasks of the job.'),
  done: text('Succeeded tasks of all, such as 3/20.'),
  ...Object.fromEntries(taskStates.map((state) => [state, count(`Tasks that are ${state}.`)])),
});

const condition = fields('One condition.', {
  type: text('Complete, Failed or Finished.'),
  status: text('True or False.'),
  reason: text('Why, in CamelCase.'),
  message: text('Why, in words.'),
  lastTransitionTime: time('When the status last changed.'),
});

const status = fields('What became of the job.', {
  state: text('What the job is doing, or how it ended.', { enum: taskStates }),
  reason: text('Why the job is in its state, in CamelCase; of a failed job the code of its error.'),
  startTime: time('When its first task began to run.'),
  completionTime: time('When its last task ended.'),
  expirationTime: time('When the job and everything that belongs to it is deleted.'),
  tasks,
  generationJobUID: text('The uid of the GenerationJob that submitted the job.'),
  conditions: { type: 'array', description: 'Complete, Failed and Finished, as of a GenerationJob.', items: condition },
});

const common = {
  apiVersion: text('The version of the schema of this object.'),
  kind: text('The kind of this object.'),
};

/** `refs`: where the document keeps its schemas. */
const schemas = (refs: string): object => ({
  [name]: {
    type: 'object',
    description:
      'A job of Genwarden, submitted by HTTP or by a GenerationJob. It is read from the stream; deleting it cancels it.',
    properties: { ...common, metadata, spec, status },
    'x-kubernetes-group-version-kind': [gvk],
  },
  [listName]: {
    type: 'object',
    description: 'Jobs, newest first.',
    required: ['items'],
    properties: {
      ...common,
      metadata: { type: 'object', description: "Standard list's metadata." },
      items: { type: 'array', description: 'The jobs.', items: { $ref: `${refs}${name}` } },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
  },
});

type Answer = (schema: string) => object;

function operation(id: string, action: string, schema: string, answer: Answer, parameters: readonly object[]): object {
  return {
    operationId: id,
    description: `${action} jobs of Genwarden`,
    tags: [`${group}_${version}`],
    parameters,
    responses: { '200': answer(schema), '401': { description: 'Unauthorized' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
  };
}

/** The two documents differ in how they write parameters and answers. */
function paths(answer: Answer, parameter: (of: string) => object): object {
  const id = `GenwardenDevJobsV1alpha1`;
  const [namespace, job] = [parameter('namespace'), parameter('name')];
  return {
    [`${root}/${resource}`]: {
      get: operation(`list${id}JobForAllNamespaces`, 'list', listName, answer, []),
    },
    [`${root}/namespaces/{namespace}/${resource}`]: {
      get: operation(`list${id}NamespacedJob`, 'list', listName, answer, [namespace]),
    },
    [`${root}/namespaces/{namespace}/${resource}/{name}`]: {
      get: operation(`read${id}NamespacedJob`, 'get', name, answer, [namespace, job]),
      delete: operation(`delete${id}NamespacedJob`, 'delete', name, answer, [namespace, job]),
    },
  };
}

const info = { title: 'Genwarden jobs', version };

export const openapiV2 = JSON.stringify({
  swagger: '2.0',
  info,
  paths: paths(
    (schema) => ({ description: 'OK', schema: { $ref: `#/definitions/${schema}` } }),
    (of) => ({ name: of, in: 'path', required: true, type: 'string', uniqueItems: true }),
  ),
  definitions: schemas('#/definitions/'),
});

export const openapiV3 = JSON.stringify({
  openapi: '3.0.0',
  info,
  paths: paths(
    (schema) => ({
      description: 'OK',
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } },
    }),
    (of) => ({ name: of, in: 'path', required: true, schema: { type: 'string' } }),
  ),
  components: { schemas: schemas('#/components/schemas/') },
});

export const openapiV3Path = `/openapi/v3${root}`;

/** Clients keep a document for as long as its hash stays the same. */
export const openapiV3Index = JSON.stringify({
  paths: {
    [root.slice(1)]: {
      serverRelativeURL: `${openapiV3Path}?hash=${createHash('sha512').update(openapiV3).digest('hex').toUpperCase()}`,
    },
  },
});
