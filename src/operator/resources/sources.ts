// The parts of a GenerationJob's input that come from ConfigMaps and Secrets of its namespace.

import { z } from 'zod';
import {
  inputBody,
  maxReferencesOf,
  referenceBody,
  rejectDuplicateNames,
  taskBody,
  taskInputBody,
} from '../../jobs/submit/body.ts';
import { objectName } from './podTemplate.ts';

const keyRef = (what: string) =>
  z
    .strictObject({
      name: objectName.describe(`The ${what}, in the namespace of the GenerationJob.`),
      key: z
        .string()
        .min(1)
        .max(253)
        .regex(/^[-._a-zA-Z0-9]+$/, 'is not a key of a ConfigMap or Secret')
        .describe('The entry.'),
    })
    .optional();

const promptFrom = z
  .strictObject({ configMapKeyRef: keyRef('ConfigMap').unwrap().describe('An entry of data of a ConfigMap.') })
  .optional()
  .describe('The prompt from a ConfigMap, read once, at the submit. Instead of prompt.');

export const referenceSource = z
  .strictObject({
    ...referenceBody.shape,
    configMapKeyRef: keyRef('ConfigMap').describe('An image in binaryData of a ConfigMap, read once, at the submit.'),
    secretKeyRef: keyRef('Secret').describe('An image in data of a Secret, read once, at the submit.'),
  })
  .superRefine((reference, context) => {
    const { configMapKeyRef, secretKeyRef, ...plain } = reference;
    const others = [plain.artifact, plain.data, plain.mediaType].filter((value) => value !== undefined).length;
    const named = [configMapKeyRef, secretKeyRef].filter((value) => value !== undefined).length;
    if (named === 0) {
      for (const { path, message } of referenceBody.safeParse(plain).error?.issues ?? [])
        context.addIssue({ code: 'custom', path: [...path], message });
    } else if (named + others > 1) {
      const message = 'must be one of {artifact}, {mediaType, data}, {configMapKeyRef} and {secretKeyRef}';
      context.addIssue({ code: 'custom', message });
    }
  });

const references = maxReferencesOf(referenceSource).optional();

const oneOfPrompts = ({ prompt, promptFrom: from }: { prompt?: unknown; promptFrom?: unknown }): boolean =>
  prompt === undefined || from === undefined;
const twoPrompts = { path: ['promptFrom'], message: 'excludes prompt' };

export const sourcedInput = z
  .strictObject({
    ...inputBody.shape,
    promptFrom,
    references: references.describe('Reference images; at most 14 per task.'),
  })
  .refine(oneOfPrompts, twoPrompts);

export const sourcedTaskInput = z
  .strictObject({
    ...taskInputBody.shape,
    promptFrom,
    references: references.describe('Reference images; at most 14 per task.'),
    extraReferences: references.describe("Appended to the job's references."),
  })
  .refine(oneOfPrompts, twoPrompts);

export const sourcedTasks = z
  .array(
    z.strictObject({
      ...taskBody.shape,
      input: sourcedTaskInput.optional().describe("Each key replaces that key of the job's input."),
    }),
  )
  .min(1, 'is empty: omit it for a single task')
  .max(500, 'has more than 500 tasks')
  .superRefine(rejectDuplicateNames)
  .optional()
  .describe('Default: one task.');

export type SourcedInput = z.infer<typeof sourcedTaskInput>;
export type SourcedReference = z.infer<typeof referenceSource>;
