// Reference images: dropped, chosen or pasted; stored at once, with a caption and a place in the order.

import { useEffect, useRef, useState } from 'preact/hooks';
import { GenwardenClient, type Pool } from '../../../client/index.ts';
import { apiFetch } from '../../api/client.ts';
import { uploadFetch } from '../../api/uploadFetch.ts';
import { apiUrl } from '../../base.ts';
import { Meter } from '../../components/ProgressBar.tsx';
import { Problem } from '../../components/Problem.tsx';
import { byteCount } from '../../format.ts';
import { changeReference, form, type FormReference } from './form.ts';
import { Errors } from './Field.tsx';
import { useFieldErrors } from './fieldContext.ts';
import { chosenPool, limitsOf } from './offers.ts';
import {
  addFile,
  canRepeat,
  fileProblem,
  imageTypes,
  moveReference,
  removeReference,
  upload,
  type Uploader,
} from './references.ts';

const uploader: Uploader = (onProgress) =>
  new GenwardenClient({
    url: apiUrl,
    giveUpAfterMs: 10_000,
    fetch: (input, init) => apiFetch(input, init, uploadFetch(onProgress)),
  });

export function References({ pools }: { pools: readonly Pool[] | undefined }) {
  const { kind, pool, model, references } = form.value;
  const limits = limitsOf(chosenPool(pools ?? [], pool), kind, model);
  const [refused, setRefused] = useState<readonly string[]>([]);
  const errors = useFieldErrors('input.references');
  const add = (files: readonly File[]): void => setRefused(addAll(files, limits));
  const isOver = useFiles(add);
  const room = limits.references - references.length;
  const tooMany = room < 0 ? [`The model takes at most ${limits.references}: remove ${-room}`] : [];
  return (
    <fieldset class="create-references">
      <legend>References</legend>
      <ol class="create-reference-list">
        {references.map((reference, at) => (
          <ReferenceRow key={reference.id} reference={reference} at={at} of={references.length} />
        ))}
      </ol>
      {room > 0 ? <FileChoice onFiles={add} isOver={isOver} room={room} largest={limits.referenceBytes} /> : null}
      <div role="status">
        <Errors id="create-reference-errors" errors={[...refused, ...tooMany, ...errors]} />
      </div>
    </fieldset>
  );
}

/** Returns what was refused. */
function addAll(
  files: readonly File[],
  { references: most, referenceBytes }: { references: number; referenceBytes: number },
): string[] {
  const refused: string[] = [];
  for (const file of files) {
    const room = form.value.references.length < most;
    const problem = room
      ? fileProblem(file, referenceBytes)
      : `${file.name} is one too many: the model takes at most ${most}`;
    if (problem === undefined) addFile(file, uploader);
    else refused.push(problem);
  }
  return refused;
}

/** Pictures that are pasted or dropped anywhere on the page. Text is pasted as usual. Returns whether one is being dragged. */
function useFiles(add: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const current = useRef(add);
  current.current = add;
  useEffect(() => {
    const stop = new AbortController();
    const listen = <T extends keyof DocumentEventMap>(type: T, act: (event: DocumentEventMap[T]) => void): void =>
      document.addEventListener(type, act, { signal: stop.signal });
    const take = (event: Event, data: DataTransfer | null): void => {
      if (data === null || data.files.length === 0) return;
      event.preventDefault();
      current.current([...data.files]);
    };
    listen('paste', (event) => take(event, event.clipboardData));
    listen('dragover', (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      setOver(true);
    });
    listen('dragleave', (event) => {
      if (event.relatedTarget === null) setOver(false);
    });
    listen('drop', (event) => {
      setOver(false);
      take(event, event.dataTransfer);
    });
    return () => stop.abort();
  }, []);
  return over;
}

interface FileChoiceProps {
  onFiles: (files: readonly File[]) => void;
  isOver: boolean;
  room: number;
  /** Bytes. */
  largest: number;
}

function FileChoice({ onFiles, isOver, room, largest }: FileChoiceProps) {
  return (
    <label class={isOver ? 'create-drop over' : 'create-drop'}>
      <input
        type="file"
        class="heard"
        multiple
        accept={imageTypes.join(',')}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
      <span>
        Drop, paste or <u>choose</u> images
      </span>
      <span class="muted create-hint">
        PNG, JPEG or WebP of at most {byteCount(largest)}; room for {room}
      </span>
    </label>
  );
}

function ReferenceRow({ reference, at, of }: { reference: FormReference; at: number; of: number }) {
  const { id, name, bytes, preview, caption, upload: state } = reference;
  return (
    <li class="create-reference">
      <img src={preview} alt={caption === '' ? name : caption} />
      <div class="create-reference-text">
        <span class="create-reference-name" dir="auto" title={name}>
          {at + 1}. {name} <span class="muted">{byteCount(bytes)}</span>
        </span>
        <input
          aria-label={`Caption of ${name}`}
          dir="auto"
          placeholder="What it is for, such as style"
          maxLength={1_000}
          value={caption}
          onInput={(event) => changeReference(id, { caption: event.currentTarget.value })}
        />
        {state.state === 'sending' ? <Meter value={state.fraction} label={`Upload of ${name}`} /> : null}
        {state.state === 'failed' ? <Problem error={state.error} /> : null}
      </div>
      <div class="create-reference-buttons">
        {state.state === 'failed' && canRepeat(id) ? (
          <button type="button" onClick={() => void upload(id, uploader)}>
            Try again
          </button>
        ) : null}
        <IconButton label={`Move ${name} up`} disabled={at === 0} onClick={() => moveReference(id, -1)} icon="↑" />
        <IconButton
          label={`Move ${name} down`}
          disabled={at === of - 1}
          onClick={() => moveReference(id, 1)}
          icon="↓"
        />
        <IconButton label={`Remove ${name}`} onClick={() => removeReference(id)} icon="✕" />
      </div>
    </li>
  );
}

interface IconButtonProps {
  label: string;
  icon: string;
  disabled?: boolean;
  onClick: () => void;
}

function IconButton({ label, icon, disabled = false, onClick }: IconButtonProps) {
  return (
    <button type="button" class="plain" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      {icon}
    </button>
  );
}
