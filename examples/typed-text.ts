// Generates a plan as text that a schema types: shows the JSON while the model writes it, then uses the checked result.
// Run from the repository, beside `bin/genwarden dev`: node_modules/.bin/node examples/typed-text.ts
// In your own project, import from 'genwarden/client'.

import { z } from 'zod';
import { GenwardenClient } from '../src/client/index.ts';

const Plan = z.object({
  title: z.string(),
  steps: z.array(z.object({ name: z.string(), minutes: z.number() })).min(1),
});

const client = new GenwardenClient({ url: process.env['GENWARDEN_URL'] ?? 'http://127.0.0.1:8080' });
const prompt = 'Plan a front yard with native plants in at most five steps.';
const job = await client.submit({ kind: 'text', input: { prompt } }, { schema: Plan });

for await (const { offset, text } of client.text(job.id)) {
  // Offset 0: the text begins, perhaps of a second attempt.
  process.stdout.write(offset === 0 ? `\n${text}` : text);
}

const plan = await job.output();
const minutes = plan.steps.reduce((sum, step) => sum + step.minutes, 0);
console.log(`\n\n${plan.title}: ${plan.steps.length} steps, ${minutes} minutes`);
