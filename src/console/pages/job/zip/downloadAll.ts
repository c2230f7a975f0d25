// Saves all results of a job as one zip, made in the browser. Where the browser can write files, the zip goes straight to the disk;
// elsewhere it is collected in memory first.

import { makeZip } from 'client-zip';
import type { Task } from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';
import { zipContents, type ZipProgress } from './contents.ts';

interface SavePicker {
  showSaveFilePicker(options: {
    suggestedName: string;
    types: { description: string; accept: Record<string, string[]> }[];
  }): Promise<{ createWritable(): Promise<WritableStream<Uint8Array>> }>;
}

/** How long a download that was cut waits for the API, ms. */
const resumeForMs = 30_000;

/** Whether the zip needs as much memory as it has bytes. */
export const needsMemory = (): boolean => !('showSaveFilePicker' in window);

/** Call it in the handler of a click: browsers ask for a file only then. Rejects with an `AbortError` if the user gives up. */
export async function downloadAll(
  job: string,
  tasks: readonly Task[],
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: ZipProgress) => void },
): Promise<void> {
  const suggestedName = `${job}.zip`;
  const target = await chooseFile(suggestedName);
  const contents = zipContents(
    tasks,
    async ({ index, run }, artifact) => {
      const options = { run, signal, giveUpAfterMs: resumeForMs };
      const { bytes } = await api.downloadArtifact(job, index, artifact, options);
      return bytes as Uint8Array<ArrayBuffer>;
    },
    onProgress,
  );
  const zip = makeZip(contents);
  if (target !== undefined) await zip.pipeTo(target, { signal });
  else saveBlob(await new Response(zip).blob(), suggestedName);
}

async function chooseFile(suggestedName: string): Promise<WritableStream<Uint8Array> | undefined> {
  if (needsMemory()) return undefined;
  const types = [{ description: 'Zip archive', accept: { 'application/zip': ['.zip'] } }];
  const file = await (window as unknown as SavePicker).showSaveFilePicker({ suggestedName, types });
  return file.createWritable();
}

function saveBlob(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
  // The browser has begun to save it by then.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
