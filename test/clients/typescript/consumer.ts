// What a program does with the installed client. Compiled beside it, so that it sees nothing but the published types.

export const consumer = `
import {
  clientVersion, GenwardenApiError, GenwardenClient, isFinished,
  type CallOptions, type ErrorCode, type FinishedTask, type Job, type Problem, type Task,
} from '@genwarden/client';

export async function use(url: string): Promise<object> {
  const client = new GenwardenClient({ url });
  const options: CallOptions = { giveUpAfterMs: 20_000 };
  const { id } = await client.submit({ kind: 'image', input: { prompt: 'a yard' }, tasks: [{ name: 'a' }, { name: 'b' }] }, options);
  const seen: string[] = [];
  let bytes = 0;
  for await (const { task, artifacts } of client.watch(id)) {
    seen.push(describe(task));
    const [image] = artifacts;
    if (image !== undefined) for await (const piece of await client.download(id, task.index, image)) bytes += piece.length;
  }
  const job: Job = await client.wait(id);
  const code = await client.get('01nothere').catch((error: unknown) => (error instanceof GenwardenApiError ? problemOf(error) : 'none'));
  return { version: clientVersion, seen: seen.sort(), bytes, state: job.state, finished: isFinished(job), code };
}

function describe(task: FinishedTask): string {
  switch (task.state) {
    case 'succeeded':
      return \`\${task.name} \${task.completedAt.length > 0}\`;
    case 'failed':
      return task.error.message;
    case 'cancelled':
      return task.reason;
  }
}

function problemOf({ problem }: GenwardenApiError): Problem['code'] {
  const known: ErrorCode = 'JobNotFound';
  return problem.code === known && problem.errors === undefined && problem.holder === undefined ? known : problem.code;
}

// @ts-expect-error An open task has no time of completion.
export const never: Task = { state: 'running', completedAt: '2026-01-01T00:00:00.000Z' };
`;
