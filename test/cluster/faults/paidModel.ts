// A stand-in for a model outside the release, which therefore counts calls while everything of the release is replaced.

import { until } from '../../support/until.ts';
import { apply, getObject } from '../support/kubectl.ts';
import { restrictedPod } from '../support/pod.ts';

export interface PaidModel {
  /** Values of the chart, so that the default pool uses it. */
  readonly values: { readonly gemini: object; readonly baseUrl: string };
  /** The prompts that begin like this and were sent more than once, whatever became of the calls. */
  paidTwice(beginning: string): Promise<string[]>;
}

const name = 'paid-model';
const port = 9090;

export async function startPaidModel(namespace: string): Promise<PaidModel> {
  const labels = { app: name };
  const command = ['node', '/app/dist/standin/main.js', '--host', '::', '--port', String(port), '--latency', '2s'];
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: labels, ports: [{ port }] },
  };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: { 'api-key': 'a-key-of-the-stand-in' },
  };
  await apply([restrictedPod({ name, command, labels }), service, secret], namespace);
  const { spec } = await getObject('service', name, namespace);
  const address = `http://${spec.clusterIP}:${port}/standin/requests`;
  await until(() => requests(address), { what: 'the paid model', timeoutMs: 60_000 });
  return {
    values: { gemini: { existingSecret: name, requestsPerMinute: 100_000 }, baseUrl: `http://${name}:${port}` },
    paidTwice: async (beginning) => {
      const prompts = (await requests(address))
        .map(({ prompt }) => prompt)
        .filter((each) => each.startsWith(beginning));
      return prompts.filter((prompt, at) => prompts.indexOf(prompt) !== at);
    },
  };
}

/** The last 2,000 calls. */
async function requests(address: string): Promise<{ prompt: string }[]> {
  const answer = await fetch(address);
  return ((await answer.json()) as { requests: { prompt: string }[] }).requests;
}
