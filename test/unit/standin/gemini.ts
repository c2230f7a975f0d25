// The real SDK, pointed at a stand-in, and the pieces of its answers that the tests look at.

import { ApiError, GoogleGenAI } from '@google/genai';
import type { GenerateContentConfig, GenerateContentResponse, Part } from '@google/genai';
import type { Standin } from '../../../src/standin/standin.ts';

export const imageModel = 'gemini-3.1-flash-image';
export const textModel = 'gemini-3.1-flash';

export interface Call {
  prompt: string;
  model?: string;
  references?: readonly Buffer[];
  config?: GenerateContentConfig;
  key?: string;
  apiVersion?: 'v1' | 'v1beta';
}

export function sdk(standin: Standin, key = 'key-a', apiVersion = 'v1beta'): GoogleGenAI {
  return new GoogleGenAI({ apiKey: key, apiVersion, httpOptions: { baseUrl: standin.url } });
}

export async function generate(standin: Standin, call: Call): Promise<GenerateContentResponse> {
  return await sdk(standin, call.key, call.apiVersion).models.generateContent(parametersOf(call));
}

function parametersOf(call: Call): Parameters<GoogleGenAI['models']['generateContent']>[0] {
  const images = (call.references ?? []).map((bytes): Part => ({
    inlineData: { mimeType: 'image/jpeg', data: bytes.toString('base64') },
  }));
  const config: GenerateContentConfig = { automaticContinuation: false, ...call.config };
  if (call.model === undefined) config.responseModalities ??= ['IMAGE', 'TEXT'];
  return {
    model: call.model ?? imageModel,
    contents: [{ role: 'user', parts: [{ text: call.prompt }, ...images] }],
    config,
  };
}

export function imageIn(response: GenerateContentResponse): Buffer {
  const data = partsOf(response).flatMap((part) => part.inlineData?.data ?? []);
  if (data.length !== 1) throw new Error(`${data.length} images in the answer`);
  return Buffer.from(data[0] ?? '', 'base64');
}

export function textIn(response: GenerateContentResponse): string {
  return partsOf(response)
    .flatMap((part) => part.text ?? [])
    .join('');
}

export function partsOf(response: GenerateContentResponse): Part[] {
  return response.candidates?.[0]?.content?.parts ?? [];
}

/** The error that `call` ends with; fails where it succeeds. */
export async function failureOf(call: Promise<unknown>): Promise<Error> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error(`expected an error, not ${String(error)}`);
}

export interface GoogleFailure {
  status: number;
  code: number;
  name: string;
  message: string;
  details: Record<string, unknown>[];
}

/** An ApiError of the SDK with Google's error body read out of its message. */
export async function apiFailureOf(call: Promise<unknown>): Promise<GoogleFailure> {
  const error = await failureOf(call);
  if (!(error instanceof ApiError)) throw error;
  const { error: body } = JSON.parse(error.message) as {
    error: { code: number; status: string; message: string; details?: Record<string, unknown>[] };
  };
  return {
    status: error.status,
    code: body.code,
    name: body.status,
    message: body.message,
    details: body.details ?? [],
  };
}
