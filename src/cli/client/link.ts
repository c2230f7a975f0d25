// `genwarden link`: prints signed links that read a job in a browser.

import type { Command } from 'commander';
import type { ArtifactLink, JobLinks } from '../../client/index.ts';
import { inWords } from '../output/format.ts';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable } from '../output/table.ts';
import { durationText } from './optionParsers.ts';
import { jobArgument } from './ids.ts';
import { clientCommand, withJob } from './session.ts';
import { taskName } from './waitText.ts';

interface LinkFlags {
  readonly expiresIn?: string;
  readonly output: OutputFormat;
}

export function addLink(program: Command, io: Io): void {
  clientCommand(
    program,
    'link',
    'Print links that show a job, its events and its artifacts in a browser without a token',
  )
    .addArgument(jobArgument())
    .option(
      '--expires-in <duration>',
      'how long the links work, at most until the job expires (default: 1h)',
      durationText,
    )
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(
      withJob(io, async (client, id: string, { expiresIn, output }: LinkFlags) => {
        const links = await client.links(id, { expiresIn });
        printAs(io, output, links, () => linkLines(links, io.now()));
      }),
    );
}

/** Never cut: a part of a link is of no use. */
function linkLines({ job, events, artifacts, expiresAt }: JobLinks, now: number): string[] {
  const rows = [
    { what: 'job', url: job },
    { what: 'events', url: events },
    ...artifacts.map((each) => ({ what: artifactName(each), url: each.href })),
  ];
  const columns = [
    { title: 'LINK TO', value: ({ what }: { what: string }) => what },
    { title: 'URL', value: ({ url }: { url: string }) => url },
  ];
  return [...renderTable(rows, columns), '', `They expire ${inWords(expiresAt, now)} (${expiresAt}).`];
}

const artifactName = ({ task, name, artifact }: ArtifactLink): string =>
  `${taskName({ index: task, name })}: ${artifact}`;
