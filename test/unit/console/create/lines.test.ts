// The lines beside the form: a shell, TypeScript and Python make the same request of them.
import { execFileSync } from 'node:child_process';
import { stripTypeScriptTypes } from 'node:module';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { SubmitRequest } from '../../../../src/client/index.ts';
import type { Installation } from '../../../../src/console/pages/create/lines/installation.ts';
import { pythonProgram, typeScriptProgram } from '../../../../src/console/pages/create/lines/programs.ts';
import { commandLine, curlLine } from '../../../../src/console/pages/create/lines/shell.ts';
import { nastyRequests } from './nastyRequests.ts';

const here: Installation = { url: 'http://127.0.0.1:8080', needsToken: false, tenant: undefined };
const there: Installation = { url: 'https://genwarden.example/base', needsToken: true, tenant: 'team-a' };
const yard: SubmitRequest = { kind: 'image', input: { prompt: 'a yard' } };
const quote: SubmitRequest = { kind: 'image', input: { prompt: "the yard's front" } };

describe('the form of the lines', () => {
  test('curl', () => {
    expect(curlLine(quote, here)).toBe(
      [
        'curl -sS http://127.0.0.1:8080/v1/jobs \\',
        "  -H 'content-type: application/json' \\",
        `  -d '{ "kind": "image", "input": { "prompt": "the yard'\\''s front" } }'`,
      ].join('\n'),
    );
    expect(curlLine(yard, there)).toContain('-H "authorization: Bearer $GENWARDEN_TOKEN"');
    expect(curlLine(yard, there)).toContain("-H 'genwarden-namespace: team-a'");
  });

  test('the command line, with flags if there is one for everything', () => {
    expect(commandLine(quote, here)).toBe(`genwarden submit \\\n  --prompt 'the yard'\\''s front'`);
    const many = {
      ...yard,
      tasks: [{ name: 'day' }, { name: 'night', input: { prompt: 'dark' } }],
      labels: { a: 'b' },
    };
    expect(commandLine({ ...many, policy: { review: 'always' } }, there).split(' \\\n  ')).toEqual([
      'genwarden submit',
      '--url https://genwarden.example/base',
      "--prompt 'a yard'",
      "--task 'day=a yard'",
      "--task 'night=dark'",
      '--review always',
      "--label 'a=b'",
    ]);
    const seed = { ...yard, input: { prompt: '-x', seed: -5 } };
    expect(commandLine(seed, here)).toBe("genwarden submit \\\n  '--prompt=-x' \\\n  '--seed=-5'");
    const captioned = { ...yard, input: { prompt: 'x', references: [{ artifact: 'sha256:aa', caption: 'style' }] } };
    expect(commandLine(captioned, here)).toBe(
      [
        "genwarden submit --file - <<'JSON'",
        '{',
        '  "kind": "image",',
        '  "input": { "prompt": "x", "references": [{ "artifact": "sha256:aa", "caption": "style" }] }',
        '}',
        'JSON',
      ].join('\n'),
    );
  });

  test('TypeScript and Python', () => {
    expect(typeScriptProgram(quote, here)).toBe(
      [
        "import { GenwardenClient } from '@genwarden/client';",
        '',
        "const client = new GenwardenClient({ url: 'http://127.0.0.1:8080' });",
        String.raw`const job = await client.submit({ kind: 'image', input: { prompt: 'the yard\'s front' } });`,
        'console.log(job.id);',
      ].join('\n'),
    );
    expect(pythonProgram(quote, there)).toBe(
      [
        'import os',
        '',
        'from genwarden import Client',
        '',
        'with Client("https://genwarden.example/base", token=os.environ["GENWARDEN_TOKEN"], namespace="team-a") as client:',
        `    job = client.submit({ "kind": "image", "input": { "prompt": "the yard's front" } })`,
        '    print(job["id"])',
      ].join('\n'),
    );
  });

  test('no line shows a character that is invisible or turns the direction of the text', () => {
    for (const request of nastyRequests) {
      for (const line of [curlLine, commandLine, typeScriptProgram, pythonProgram]) {
        expect(line(request, there).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\ufeff]/u);
      }
    }
  });
});

describe('the same request', () => {
  test.each(nastyRequests.map((request, at) => [at, request] as const))('%i', (_, request) => {
    expect(JSON.parse(sentByCurl(curlLine(request, there)))).toEqual(request);
    expect(submittedByScript(typeScriptProgram(request, there))).toEqual(request);
  });

  test('Python', () => {
    const script = nastyRequests.map((request) => `${fakeClient}\n${pythonProgram(request, here)}`).join('\n');
    const output = execFileSync('python3', ['-'], { input: script.replaceAll('from genwarden import Client', '') });
    const lines = output.toString().trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(nastyRequests);
  });
});

/** The body that a real shell hands to curl. */
function sentByCurl(line: string): string {
  const curl = 'curl() { for last; do :; done; if [ "$last" = @- ]; then cat; else printf %s "$last"; fi; }';
  return execFileSync('sh', ['-s'], { input: `${curl}\n${line}\n` }).toString();
}

function submittedByScript(program: string): unknown {
  const body = stripTypeScriptTypes(program.replace(/^import .*\n/, '')).replace('await client', 'client');
  let sent: string | undefined;
  const submit = (request: unknown): unknown => {
    sent = JSON.stringify(request);
    return {};
  };
  runInNewContext(body, {
    GenwardenClient: class {
      submit = submit;
    },
    process: { env: {} },
    console: { log: String },
  });
  return JSON.parse(sent!);
}

const fakeClient = `
import json
class Client:
    def __init__(self, url): pass
    def __enter__(self): return self
    def __exit__(self, *args): pass
    def submit(self, request):
        print(json.dumps(request))
        return {"id": ""}
print = (lambda show: lambda text: show(text) if text else None)(print) if "show" not in globals() else print
`;
