// What a result is compared with: the earlier result of a tweak, or what the model was given.

import type { Json, Task, InputReference, ModelInput } from '../../../client/index.ts';

/** The caption of the reference that a tweak adds. */
const earlierResult = 'the earlier result';

export interface Picture {
  readonly href: string;
  readonly title: string;
}

/** The results themselves, without the small copy. */
export function resultPictures({ artifacts }: Pick<Task, 'artifacts'>): Picture[] {
  const pictures = artifacts.filter(({ name, mediaType }) => mediaType.startsWith('image/') && name !== 'thumbnail');
  return pictures.map(({ href, name }) => ({ href, title: name }));
}

/** The earlier result first, then the references in their order. */
export function earlierPictures({ references }: Pick<ModelInput, 'references'>): Picture[] {
  const shown = references.filter(
    (reference): reference is InputReference & { href: string } => reference.href !== null,
  );
  const isEarlier = ({ caption }: InputReference): boolean => caption === earlierResult;
  const titled = (reference: InputReference & { href: string }): Picture => ({
    href: reference.href,
    title: isEarlier(reference) ? 'the result before the tweak' : titleOf(reference),
  });
  return [...shown.filter(isEarlier), ...shown.filter((one) => !isEarlier(one))].map(titled);
}

const titleOf = ({ caption, index }: InputReference): string =>
  caption === null || caption === '' ? `reference ${index + 1}` : caption;

export const outputText = (output: Json): string =>
  typeof output === 'string' ? output : JSON.stringify(output, null, 2);

/** A tweak of a text repeats the earlier text in the prompt, between what was asked for and the change. */
export function earlierText({ prompt, tweak }: Pick<ModelInput, 'prompt' | 'tweak'>): string | undefined {
  if (tweak === null) return undefined;
  const start = `${tweak.prompt}\n\nThis is ${earlierResult}:\n`;
  const end = prompt.lastIndexOf(`\n\nChange it: ${tweak.instructions.at(-1) ?? ''}`);
  if (!prompt.startsWith(start) || end < start.length) return undefined;
  return readable(prompt.slice(start.length, end));
}

/** JSON is laid out like the present output. */
function readable(text: string): string {
  if (!/^[[{]/.test(text)) return text;
  try {
    return outputText(JSON.parse(text) as Json);
  } catch {
    return text;
  }
}
