// The OpenAPI document, generated from the schemas of the routes.

import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Api, ApiOptions } from './options.ts';
import { problemSchema } from './problem.ts';
import { imageMediaTypes } from '../jobs/submit/image.ts';
import { submitBody } from '../jobs/submit/body.ts';
import { jobListSchema, jobSchema, listedJobSchema, submittedJobSchema, taskSchema } from './view/schemas.ts';

/** Schemas that the document names, so that generated clients have names too. The registry also holds the descriptions. */
const components = {
  Problem: problemSchema,
  Submit: submitBody,
  Task: taskSchema,
  Job: jobSchema,
  ListedJob: listedJobSchema,
  SubmittedJob: submittedJobSchema,
  JobList: jobListSchema,
};
for (const [id, schema] of Object.entries(components)) z.globalRegistry.add(schema, { ...schema.meta(), id });

export async function documentApi(app: Api, { publicUrl, version = '0.0.0', auth }: ApiOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Genwarden',
        version,
        description: 'Runs slow, paid, failure-prone model calls as jobs that are never stuck.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: publicUrl === undefined ? [] : [{ url: publicUrl }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: auth === 'off' ? [] : [{ token: [] }],
    },
    transform: (document) => {
      const transformed = jsonSchemaTransform(document);
      return document.url === '/v1/artifacts'
        ? { ...transformed, schema: withUpload(transformed.schema) }
        : transformed;
    },
    transformObject: jsonSchemaTransformObject,
  });
}

/** An upload is raw bytes, so its route has no body schema. */
function withUpload<T>(schema: T): T {
  const content = Object.fromEntries(
    imageMediaTypes.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]),
  );
  return { ...schema, body: { content } };
}
