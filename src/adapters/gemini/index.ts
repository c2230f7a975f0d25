// Gemini through Google's own SDK: images and (structured) text. One call is one request: the SDK itself never retries,
// limits the time or continues an answer.

// Not the build for Node: its login libraries and WebSocket take 10 MB, and calls with a key do not need them.
import { GoogleGenAI } from '@google/genai/web';
import { AttemptFailed } from '../../job/errors/index.ts';
import type { GenerateContext, Generated, GenerateRequest, Provider } from '../../ports/provider.ts';
import { readAnswer } from './answer.ts';
import { failureOf } from './failure.ts';
import { imageData } from './imageData.ts';
import { contentsOf, configOf } from './request.ts';
import { schemaCheck } from './schema.ts';

export interface GeminiSettings {
  /** Another address for the SDK; Google's by default. */
  readonly baseUrl?: string | undefined;
  /** `v1` or `v1beta`; the SDK's default if absent. */
  readonly apiVersion?: string | undefined;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * The provider for pools with Gemini models. `generate` throws `AttemptFailed`, or the signal's reason after an abort (Google
 * bills the call anyway). It settles only when the call has really ended, because the worker counts calls that ignore their
 * signal. No error contains the API key.
 */
export function geminiProvider(settings: GeminiSettings = {}): Provider {
  const clients = new Map<string, GoogleGenAI>();
  const clientFor = (key: string): GoogleGenAI => {
    const client = clients.get(key) ?? newClient(key, settings);
    clients.set(key, client);
    return client;
  };
  return {
    name: 'gemini',
    generate: (request, context) => call(clientFor(context.key), request, context, settings.fetch),
  };
}

function newClient(key: string, { baseUrl, apiVersion }: GeminiSettings): GoogleGenAI {
  // `vertexai` is explicit: otherwise GOOGLE_GENAI_USE_VERTEXAI in the environment would send the key to another service.
  return new GoogleGenAI({
    apiKey: key,
    vertexai: false,
    ...(baseUrl === undefined ? {} : { httpOptions: { baseUrl } }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  });
}

async function call(
  client: GoogleGenAI,
  request: GenerateRequest,
  { signal, key }: GenerateContext,
  fetch: GeminiSettings['fetch'],
): Promise<Generated> {
  signal.throwIfAborted();
  // Before the call, so that an unusable schema costs nothing.
  const check = schemaCheck(request.input.schema);
  const images = imageData(fetch);
  const config = { ...configOf(request, signal), httpOptions: { fetch: images.fetch } };
  try {
    const { model } = request;
    const answer = await client.models.generateContent({ model, contents: contentsOf(request), config });
    return { ...readAnswer(answer, request, { check, bytesOf: images.bytesOf }), release: images.release };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AttemptFailed) throw error;
    throw new AttemptFailed(failureOf(error, key));
  }
}
