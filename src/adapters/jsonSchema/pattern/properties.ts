// Unicode properties: JavaScript has long names and `Script=`, RE2 has only the short names of categories and scripts.

import { PatternProblem, unsupported } from './problem.ts';

const categories: Readonly<Record<string, string>> = {
  Letter: 'L',
  Uppercase_Letter: 'Lu',
  Lowercase_Letter: 'Ll',
  Titlecase_Letter: 'Lt',
  Modifier_Letter: 'Lm',
  Other_Letter: 'Lo',
  Mark: 'M',
  Combining_Mark: 'M',
  Nonspacing_Mark: 'Mn',
  Spacing_Mark: 'Mc',
  Enclosing_Mark: 'Me',
  Number: 'N',
  Decimal_Number: 'Nd',
  Letter_Number: 'Nl',
  Other_Number: 'No',
  Punctuation: 'P',
  punct: 'P',
  Connector_Punctuation: 'Pc',
  Dash_Punctuation: 'Pd',
  Open_Punctuation: 'Ps',
  Close_Punctuation: 'Pe',
  Initial_Punctuation: 'Pi',
  Final_Punctuation: 'Pf',
  Other_Punctuation: 'Po',
  Symbol: 'S',
  Math_Symbol: 'Sm',
  Currency_Symbol: 'Sc',
  Modifier_Symbol: 'Sk',
  Other_Symbol: 'So',
  Separator: 'Z',
  Space_Separator: 'Zs',
  Line_Separator: 'Zl',
  Paragraph_Separator: 'Zp',
  Other: 'C',
  Control: 'Cc',
  Format: 'Cf',
};

/** Translates `\p{…}` or `\pL` at `at`, and says how long it is. Throws `PatternProblem`. */
export function propertyAt(pattern: string, at: number): { text: string; length: number } {
  const match = /^\\([pP])(?:\{(\^?)([^{}]*)\}|([A-Z]))/.exec(pattern.slice(at, at + 100));
  if (match === null)
    throw new PatternProblem(`is not a pattern: ${pattern.slice(at, at + 2)} needs a name, as in \\p{L}`);
  const [whole, letter = 'p', negated = '', given = '', short = given] = match;
  const name = short.replace(/^(?:gc|General_Category|sc|Script|scx|Script_Extensions)=/, '');
  const known = Object.hasOwn(categories, name) ? categories[name]! : name;
  if (!/^[A-Z][A-Za-z_]*$/.test(known)) throw unsupported(`the property ${whole}`);
  return { text: `\\${letter}{${negated}${known}}`, length: whole.length };
}
