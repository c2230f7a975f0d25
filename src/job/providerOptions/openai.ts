// The provider options of OpenAI: parameters of its Images API and of its Responses API.

import type { ProviderOptionTable } from './table.ts';

const anyCount = Number.MAX_SAFE_INTEGER;
const ownField = (field: string): string => `set input.${field} instead`;

export const openaiOptions: ProviderOptionTable = {
  options: {
    temperature: { kind: 'text', form: { type: 'number', min: 0, max: 2 } },
    top_p: { kind: 'text', form: { type: 'number', min: 0, max: 1 } },
    // OpenAI refuses less than 16.
    max_output_tokens: { kind: 'text', form: { type: 'integer', min: 16, max: anyCount } },
    reasoning: {
      kind: 'text',
      form: {
        type: 'object',
        fields: {
          effort: { type: 'text', values: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] },
          summary: { type: 'text', values: ['auto', 'concise', 'detailed'] },
        },
      },
    },
    verbosity: { kind: 'text', form: { type: 'text', values: ['low', 'medium', 'high'] } },
    truncation: { kind: 'text', form: { type: 'text', values: ['auto', 'disabled'] } },
    // The model that rates the prompt and the answer; what it flags can go to a reviewer.
    moderation_model: { kind: 'text', form: { type: 'text' } },
    quality: {
      kind: 'image',
      form: { type: 'text', values: ['auto', 'low', 'medium', 'high', 'xhigh', 'max', 'standard', 'hd'] },
    },
    background: { kind: 'image', form: { type: 'text', values: ['auto', 'opaque', 'transparent'] } },
    output_format: { kind: 'image', form: { type: 'text', values: ['png', 'jpeg', 'webp'] } },
    output_compression: { kind: 'image', form: { type: 'integer', min: 0, max: 100 } },
    input_fidelity: { kind: 'image', form: { type: 'text', values: ['low', 'high'] } },
    // Weakens what OpenAI refuses to draw.
    moderation: { kind: 'image', optIn: true, form: { type: 'text', values: ['auto', 'low'] } },
    // A tier has its own price.
    service_tier: { kind: 'text', optIn: true, form: { type: 'text' } },
    // A stable name of the end user, which leaves the installation.
    safety_identifier: { optIn: true, form: { type: 'text' } },
  },
  never: {
    model: 'set model instead',
    prompt: ownField('prompt'),
    input: ownField('prompt'),
    messages: ownField('prompt'),
    instructions: ownField('system'),
    text: 'set input.schema, or providerOptions.verbosity, instead',
    response_format: ownField('schema'),
    size: 'set input.aspectRatio and input.imageSize instead',
    image: ownField('references'),
    n: 'a task makes one image',
    stream: 'Genwarden streams by itself',
    store: 'Genwarden never lets OpenAI store answers',
    background_options: 'Genwarden waits for answers by itself',
    previous_response_id: 'a task does not continue another response',
    conversation: 'a task does not continue a conversation',
    tools: 'Genwarden does not run tools',
  },
};
