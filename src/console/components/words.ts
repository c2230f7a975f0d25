// Sentences of the API with commands and names in backticks.

export interface Part {
  text: string;
  isCode: boolean;
}

/** A backtick without a partner stays as it is. */
export function partsOf(sentence: string): Part[] {
  const parts = sentence.split(/`([^`]+)`/);
  return parts.map((text, at) => ({ text, isCode: at % 2 === 1 })).filter(({ text }) => text !== '');
}
