// Answers by a schema. A schema that asks whether something is flagged gets a no, unless the behaviour says otherwise.

import type { Behaviour } from './behaviour.ts';
import { answerTo } from './schemaAnswer.ts';

const flagReason = 'The stand-in was asked to flag it';

/** Like `answerTo`, with the verdict of the behaviour in the fields `flagged` and `reasons` at the top. */
export function checkAnswerTo(schema: Parameters<typeof answerTo>[0], behaviour: Behaviour): unknown {
  const answer = answerTo(schema);
  if (typeof answer !== 'object' || answer === null || !('flagged' in answer)) return answer;
  if (typeof answer.flagged !== 'boolean') return answer;
  const flagged = behaviour.kind === 'flag';
  return { ...answer, flagged, ...('reasons' in answer && { reasons: flagged ? [flagReason] : [] }) };
}
