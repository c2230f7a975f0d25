// A provider whose calls a test answers.

import type { GenerateContext, Generated, GenerateRequest, Provider } from '../../src/ports/provider.ts';

export type Generate = (request: GenerateRequest, context: GenerateContext) => Promise<Generated>;

export function fakeProvider(generate: Generate = () => Promise.resolve(made())): Provider {
  return { name: 'fake', generate };
}

export const made = (output: Generated['output'] = 'hello'): Generated => ({
  images: [],
  output,
  usage: { inputTokens: 3, outputTokens: 5, images: 0 },
  provenance: {},
});

/** A call that ends only by its signal; `called` resolves when it is made. */
export function hanging(): { generate: Generate; called: Promise<GenerateContext> } {
  const called = Promise.withResolvers<GenerateContext>();
  const generate: Generate = (_request, context) => {
    called.resolve(context);
    return new Promise((_resolve, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason as Error), { once: true });
    });
  };
  return { generate, called: called.promise };
}
