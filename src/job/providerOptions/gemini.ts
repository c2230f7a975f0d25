// The provider options of Gemini: fields of its GenerateContentConfig.

import type { ProviderOptionTable } from './table.ts';

const anyCount = Number.MAX_SAFE_INTEGER;
const ownField = (field: string): string => `set input.${field} instead`;

export const geminiOptions: ProviderOptionTable = {
  options: {
    temperature: { form: { type: 'number', min: 0, max: 2 } },
    topP: { form: { type: 'number', min: 0, max: 1 } },
    topK: { form: { type: 'integer', min: 1, max: 1_000 } },
    maxOutputTokens: { form: { type: 'integer', min: 1, max: anyCount } },
    presencePenalty: { form: { type: 'number', min: -2, max: 2 } },
    frequencyPenalty: { form: { type: 'number', min: -2, max: 2 } },
    stopSequences: { form: { type: 'list', of: { type: 'text' }, atMost: 5 } },
    mediaResolution: {
      form: {
        type: 'text',
        values: ['MEDIA_RESOLUTION_LOW', 'MEDIA_RESOLUTION_MEDIUM', 'MEDIA_RESOLUTION_HIGH'],
      },
    },
    thinkingConfig: {
      form: {
        type: 'object',
        fields: {
          includeThoughts: { type: 'boolean' },
          // -1: the model decides.
          thinkingBudget: { type: 'integer', min: -1, max: 1_000_000 },
          thinkingLevel: {
            type: 'text',
            values: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'minimal', 'low', 'medium', 'high'],
          },
        },
      },
    },
    // Weakens or strengthens what the provider refuses.
    safetySettings: {
      optIn: true,
      form: {
        type: 'list',
        atMost: 20,
        of: {
          type: 'object',
          fields: { category: { type: 'text' }, threshold: { type: 'text' }, method: { type: 'text' } },
        },
      },
    },
    // A tier has its own price.
    serviceTier: { optIn: true, form: { type: 'text' } },
    // The provider's own tools: billed, and they send parts of the prompt to other services.
    tools: {
      optIn: true,
      form: {
        type: 'list',
        atMost: 10,
        of: {
          type: 'object',
          fields: {
            googleSearch: { type: 'anyObject' },
            googleMaps: { type: 'anyObject' },
            urlContext: { type: 'anyObject' },
            codeExecution: { type: 'anyObject' },
          },
        },
      },
    },
    toolConfig: { optIn: true, form: { type: 'object', fields: { retrievalConfig: { type: 'anyObject' } } } },
  },
  never: {
    model: 'set model instead',
    systemInstruction: ownField('system'),
    seed: ownField('seed'),
    imageConfig: 'set input.aspectRatio and input.imageSize instead',
    responseSchema: ownField('schema'),
    responseJsonSchema: ownField('schema'),
    responseMimeType: ownField('schema'),
    responseModalities: 'the kind of the job decides it',
    candidateCount: 'a task has one result; use more tasks',
    labels: 'use the labels of the job',
    cachedContent: 'it belongs to one API key, and Genwarden chooses the key',
    httpOptions: 'Genwarden sends the request',
    abortSignal: 'Genwarden sends the request',
    automaticContinuation: 'each call is one request',
    automaticFunctionCalling: 'Genwarden runs no functions',
  },
};
