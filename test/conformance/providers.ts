// Each provider against the stand-in of its interface, for the suites of the provider port.

import { afterAll, beforeAll, describe } from 'vitest';
import { acmeProvider } from '../../examples/provider/acme.ts';
import { geminiProvider } from '../../src/adapters/gemini/index.ts';
import { openaiProvider } from '../../src/adapters/openai/index.ts';
import { AttemptFailed, type PaidUsage, type TaskError } from '../../src/job/errors/index.ts';
import type { TaskInput } from '../../src/job/task.ts';
import type {
  GenerateContext,
  Generated,
  GenerateRequest,
  Provider,
  ProviderOptions,
} from '../../src/ports/provider.ts';
import { startStandin, type Behaviour, type Standin } from '../../src/standin/standin.ts';
import { fakeSchemaChecker } from '../fakes/schemaChecker.ts';

/** A key whose parts are recognised in any text. */
export const secretKey = 'sk-proj-NOT-a-real-key-0123456789abcdefghij';

interface Candidate {
  readonly name: string;
  /** As messages call it. */
  readonly title: string;
  readonly open: (options: ProviderOptions & { readonly fetch?: typeof globalThis.fetch }) => Provider;
  readonly baseUrl: (standin: Standin) => string;
  readonly imageModel: string;
  readonly textModel: string;
  /** Whether references are sent without a copy of all of them. The example does not, for brevity. */
  readonly sendsInPieces: boolean;
  /** A body of status 200 with this base64 as an image, and with this text. */
  readonly imageBody: (base64: string) => unknown;
}

const candidates: readonly Candidate[] = [
  {
    name: 'gemini',
    title: 'Gemini',
    open: geminiProvider,
    baseUrl: ({ url }) => url,
    sendsInPieces: true,
    imageModel: 'gemini-3.1-flash-image',
    textModel: 'gemini-3.1-flash',
    imageBody: (data) => ({
      candidates: [{ content: { parts: [{ inlineData: { mimeType: 'image/jpeg', data } }] }, finishReason: 'STOP' }],
    }),
  },
  {
    name: 'openai',
    title: 'OpenAI',
    open: openaiProvider,
    baseUrl: ({ url }) => `${url}/v1`,
    sendsInPieces: true,
    imageModel: 'gpt-image-1.5',
    textModel: 'gpt-5.4-mini',
    imageBody: (base64) => ({ data: [{ b64_json: base64 }] }),
  },
  {
    name: 'the example of docs/providers.md',
    title: 'Acme',
    open: acmeProvider,
    baseUrl: ({ url }) => `${url}/v1`,
    sendsInPieces: false,
    imageModel: 'gpt-image-1.5',
    textModel: 'gpt-5.4-mini',
    imageBody: (base64) => ({ data: [{ b64_json: base64 }] }),
  },
];

/** One provider with its own stand-in, which the suite closes. */
export interface ProviderBench extends Candidate {
  readonly standin: Standin;
  readonly provider: Provider;
  image(input: Partial<TaskInput>, over?: Partial<GenerateRequest>): GenerateRequest;
  text(input: Partial<TaskInput>, over?: Partial<GenerateRequest>): GenerateRequest;
}

/** Runs the tests for each provider, or for those that are `wanted`. */
export function forEachProvider(
  tests: (bench: ProviderBench) => void,
  wanted: (candidate: Candidate) => boolean = () => true,
): void {
  describe.each(candidates.filter(wanted).map((candidate) => [candidate.name, candidate] as const))(
    '%s',
    (_name, candidate) => {
      const bench = { ...candidate } as { -readonly [K in keyof ProviderBench]: ProviderBench[K] };
      const requestOf = (kind: 'image' | 'text', model: string): ProviderBench['image'] => {
        return (input, over = {}) => ({
          kind,
          model,
          input: { prompt: 'a garden', ...input },
          references: [],
          ...over,
        });
      };
      bench.image = requestOf('image', candidate.imageModel);
      bench.text = requestOf('text', candidate.textModel);
      beforeAll(async () => {
        bench.standin = await startStandin();
        bench.provider = candidate.open({ baseUrl: candidate.baseUrl(bench.standin), schemas: fakeSchemaChecker() });
      });
      afterAll(() => bench.standin.close());
      tests(bench);
    },
  );
}

export function contextOf(over: Partial<GenerateContext> = {}): GenerateContext {
  return {
    signal: new AbortController().signal,
    key: secretKey,
    onProgress: () => undefined,
    anotherCall: () => Promise.resolve(false),
    ...over,
  };
}

/** What the call ends with: the catalogue's error, and what was paid. */
export async function failureOf(call: Promise<Generated>): Promise<{ error: TaskError; usage: PaidUsage | undefined }> {
  const thrown: unknown = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (thrown instanceof AttemptFailed) return { error: thrown.error, usage: thrown.usage };
  throw new Error('not an AttemptFailed', { cause: thrown });
}

/** The failure of a call whose answer has this behaviour. */
export async function failureBy(
  bench: ProviderBench,
  request: GenerateRequest,
  behaviour: Behaviour,
): Promise<TaskError> {
  bench.standin.script([behaviour]);
  const { error } = await failureOf(bench.provider.generate(request, contextOf()));
  return error;
}
