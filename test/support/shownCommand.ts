// Commands that a page of the documentation shows with their output: runs them as a reader would, and finds or replaces the samples
// of the page.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProcess } from './process.ts';

const programs = fileURLToPath(new URL('../../bin', import.meta.url));

export interface Place {
  /** Of the API; the page shows http://127.0.0.1:8080. */
  readonly url: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ran {
  readonly text: string;
  readonly code: number | null;
  /** The command and what it printed, as pages show them. */
  readonly output: string;
}

/** Runs the command in a shell that finds `genwarden`. */
export async function runShown(command: string, { url, cwd, env = {} }: Place): Promise<Ran> {
  const path = `${programs}:${process.env['PATH']}`;
  const ran = await startProcess('sh', ['-c', command.replaceAll('http://127.0.0.1:8080', url)], {
    env: { NO_COLOR: '1', GENWARDEN_URL: url, PATH: path, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const { code } = await ran.exited;
  const text = ran.lines.join('\n');
  return { text, code, output: `$ ${command}\n${text}` };
}

const sampleForm = /^```console\n([^]*?)\n```$/gm;

interface Section {
  readonly text: string;
  /** Its start in the page. */
  readonly from: number;
}

/** The samples of one page under `docs`, in its order. `heading` limits them to one section. */
export class Samples {
  readonly #name: string;
  readonly #file: string;

  constructor(name: string) {
    this.#name = name;
    this.#file = fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
  }

  read(sample: number, heading?: string): string {
    return this.#find(sample, heading)[1]!;
  }

  replace(sample: number, output: string, heading?: string): void {
    const { from } = this.#section(heading);
    const found = this.#find(sample, heading);
    const all = readFileSync(this.#file, 'utf8');
    const at = from + found.index;
    const changed = `${all.slice(0, at)}\`\`\`console\n${output}\n\`\`\`${all.slice(at + found[0].length)}`;
    writeFileSync(this.#file, changed);
  }

  #find(sample: number, heading: string | undefined): RegExpMatchArray & { index: number } {
    const found = [...this.#section(heading).text.matchAll(sampleForm)][sample];
    if (found === undefined) throw new Error(`docs/${this.#name} has no sample ${sample} (${heading ?? 'whole page'})`);
    return found;
  }

  #section(heading: string | undefined): Section {
    const all = readFileSync(this.#file, 'utf8');
    if (heading === undefined) return { text: all, from: 0 };
    const from = all.indexOf(`\n## ${heading}\n`);
    if (from === -1) throw new Error(`docs/${this.#name} has no heading "${heading}"`);
    const to = all.indexOf('\n## ', from + 1);
    return { text: all.slice(from, to === -1 ? undefined : to), from };
  }
}
