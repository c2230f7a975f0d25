// The fields of a generateContent request in each version of Gemini's interface, as strict as the published ones: a field that a
// version lacks is refused, however harmless it looks.

import { z } from 'zod';
import { GoogleError } from './googleError.ts';

const unread = z.unknown().optional();

const partSchema = z.strictObject({
  text: z.string().optional(),
  inlineData: z.strictObject({ mimeType: z.string(), data: z.base64(), displayName: z.string().optional() }).optional(),
  fileData: unread,
  functionCall: unread,
  functionResponse: unread,
  executableCode: unread,
  codeExecutionResult: unread,
  toolCall: unread,
  toolResponse: unread,
  thought: z.boolean().optional(),
  thoughtSignature: unread,
  videoMetadata: unread,
  audioTranscription: unread,
  mediaResolution: unread,
  mediaProcessing: unread,
  speechMetadata: unread,
  partMetadata: unread,
});

const configSchema = z.strictObject({
  responseModalities: z.array(z.enum(['TEXT', 'IMAGE', 'AUDIO'])).optional(),
  imageConfig: z.strictObject({ aspectRatio: z.string().optional(), imageSize: z.string().optional() }).optional(),
  seed: z.int32().optional(),
  responseMimeType: z.string().optional(),
  responseSchema: unread,
  responseJsonSchema: unread,
  temperature: unread,
  topP: unread,
  topK: unread,
  candidateCount: unread,
  maxOutputTokens: unread,
  stopSequences: unread,
  responseLogprobs: unread,
  logprobs: unread,
  presencePenalty: unread,
  frequencyPenalty: unread,
  mediaResolution: unread,
  speechConfig: unread,
  thinkingConfig: unread,
  audioTranscriptionConfig: unread,
  enableEnhancedCivicAnswers: unread,
});

const requestSchema = z.strictObject({
  contents: z.array(z.strictObject({ role: z.string().optional(), parts: z.array(partSchema).optional() })),
  generationConfig: configSchema.optional(),
  systemInstruction: unread,
  safetySettings: unread,
  tools: unread,
  toolConfig: unread,
  cachedContent: unread,
  labels: unread,
  serviceTier: unread,
  store: unread,
  continuationToken: unread,
});

export type RequestBody = z.infer<typeof requestSchema>;
export type Config = z.infer<typeof configSchema>;
export type Part = z.infer<typeof partSchema>;

/** Throws GoogleError 400 for a body that this version of the interface does not have. Versions other than v1 have every field. */
export function checkFields(version: string, body: unknown): RequestBody {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap(describe));
  const missing = version === 'v1' ? lackingInV1(parsed.data) : [];
  if (missing.length > 0) throw invalid(missing);
  return parsed.data;
}

/** Reports of early 2026: `v1` refuses these, which `v1beta` accepts. */
const betaOnly = {
  request: [
    'systemInstruction',
    'tools',
    'toolConfig',
    'cachedContent',
    'labels',
    'serviceTier',
    'store',
    'continuationToken',
  ],
  generationConfig: [
    'responseModalities',
    'imageConfig',
    'seed',
    'responseMimeType',
    'responseSchema',
    'responseJsonSchema',
    'mediaResolution',
    'speechConfig',
    'thinkingConfig',
    'audioTranscriptionConfig',
    'enableEnhancedCivicAnswers',
  ],
} as const;

function lackingInV1(body: RequestBody): string[] {
  const { generationConfig: config = {} } = body;
  return [
    ...betaOnly.request.filter((name) => body[name] !== undefined).map((name) => unknownName(name, '')),
    ...betaOnly.generationConfig
      .filter((name) => config[name] !== undefined)
      .map((name) => unknownName(name, 'generation_config')),
  ];
}

function describe(issue: z.core.$ZodIssue): string[] {
  const where = placeOf(issue.path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((name) => unknownName(name, where));
  return [`Invalid value at '${where}': ${issue.message}`];
}

/** In Google's words. */
function unknownName(name: string, where: string): string {
  return `Invalid JSON payload received. Unknown name "${name}"${where === '' ? '' : ` at '${where}'`}: Cannot find field.`;
}

/** `generation_config.image_config`, `contents[0].parts[1]`. */
function placeOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${snakeCase(String(step))}`));
  return steps.join('').replace(/^\./, '');
}

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function invalid(problems: readonly string[]): GoogleError {
  const fieldViolations = problems.map((description) => ({ description }));
  const details = { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations };
  return new GoogleError(400, problems.join('\n'), [details]);
}
