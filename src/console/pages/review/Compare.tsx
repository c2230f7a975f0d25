// A picture beside an earlier one: a slider wipes between them, or both stand side by side, in a chosen size.

import { useEffect, useState } from 'preact/hooks';
import { pathTo } from '../../base.ts';
import { useKeys } from '../../components/useKeys.ts';
import type { Picture } from './compare.ts';

type View = 'wipe' | 'side';
type Zoom = 'fit' | '100' | '200';
const zooms: readonly Zoom[] = ['fit', '100', '200'];
const zoomWords: Readonly<Record<Zoom, string>> = { fit: 'Fit', '100': '100 %', '200': '200 %' };

interface CompareProps {
  before: Picture | undefined;
  after: Picture;
  /** What both show: the prompt. */
  alt: string;
  /** The picture to judge can be seen, or is gone. */
  onShown: () => void;
}

export function Compare({ before, after, alt, onShown }: CompareProps) {
  const [view, setView] = useState<View>('wipe');
  const [zoom, setZoom] = useState<Zoom>('fit');
  const [share, setShare] = useState(50);
  useEffect(() => setShare(50), [before?.href, after.href]);
  const move = (by: number): void => setShare((at) => Math.min(100, Math.max(0, at + by)));
  useKeys({
    ...(before === undefined || zoom !== 'fit' ? {} : { ArrowLeft: () => move(-5), ArrowRight: () => move(5) }),
    z: () => setZoom((at) => zooms[(zooms.indexOf(at) + 1) % zooms.length]!),
    s: () => setView((at) => (at === 'wipe' ? 'side' : 'wipe')),
  });
  const wipes = view === 'wipe' && before !== undefined;
  return (
    <div class="review-compare">
      <div class="row spread">
        {before === undefined ? <span /> : <ViewChoice view={view} onView={setView} />}
        <ZoomChoice zoom={zoom} onZoom={setZoom} />
      </div>
      <div class={`review-stage ${zoom === 'fit' ? 'fit' : 'zoomed'}`} tabIndex={0} role="region" aria-label="Pictures">
        {wipes ? (
          <Wipe
            before={before}
            after={after}
            alt={alt}
            share={share}
            zoom={zoom}
            onShare={setShare}
            onShown={onShown}
          />
        ) : (
          <div class="review-side">
            {before === undefined ? null : <Shown picture={before} alt={`Before: ${alt}`} zoom={zoom} caption />}
            <Shown
              picture={after}
              alt={`${before === undefined ? 'Result' : 'After'}: ${alt}`}
              zoom={zoom}
              caption={before !== undefined}
              word="this result"
              onShown={onShown}
            />
          </div>
        )}
      </div>
      {wipes ? <Slider share={share} onShare={setShare} before={before.title} /> : null}
    </div>
  );
}

function ViewChoice({ view, onView }: { view: View; onView: (view: View) => void }) {
  return (
    <span class="review-choice" role="group" aria-label="View">
      <button type="button" aria-pressed={view === 'wipe'} onClick={() => onView('wipe')}>
        Wipe
      </button>
      <button type="button" aria-pressed={view === 'side'} aria-keyshortcuts="s" onClick={() => onView('side')}>
        Side by side
      </button>
    </span>
  );
}

function ZoomChoice({ zoom, onZoom }: { zoom: Zoom; onZoom: (zoom: Zoom) => void }) {
  return (
    <span class="review-choice" role="group" aria-label="Zoom">
      {zooms.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={zoom === each}
          aria-keyshortcuts="z"
          onClick={() => onZoom(each)}
        >
          {zoomWords[each]}
        </button>
      ))}
    </span>
  );
}

interface ShownProps {
  picture: Picture;
  alt: string;
  zoom: Zoom;
  caption?: boolean;
  word?: string;
  onShown?: (() => void) | undefined;
}

function Shown({ picture, alt, zoom, caption = false, word = picture.title, onShown }: ShownProps) {
  return (
    <figure class="review-figure">
      <Sized href={picture.href} alt={alt} zoom={zoom} onShown={onShown} />
      {caption ? (
        <figcaption class="muted" dir="auto">
          {word}
        </figcaption>
      ) : null}
    </figure>
  );
}

interface SizedProps {
  href: string;
  alt: string;
  zoom: Zoom;
  onShown?: (() => void) | undefined;
}

/** In its own pixels, or as large as there is room. */
function Sized({ href, alt, zoom, onShown }: SizedProps) {
  const [width, setWidth] = useState<number | undefined>(undefined);
  const [gone, setGone] = useState<string | undefined>(undefined);
  if (gone === href) {
    return (
      <p class="review-gone" role="img" aria-label={`The picture is gone: ${alt}`}>
        The picture is gone
      </p>
    );
  }
  const style = zoom === 'fit' || width === undefined ? {} : { width: `${(width * Number(zoom)) / 100}px` };
  return (
    <img
      src={pathTo(href)}
      alt={alt}
      style={style}
      draggable={false}
      onLoad={(event) => {
        setWidth(event.currentTarget.naturalWidth);
        onShown?.();
      }}
      onError={() => {
        setGone(href);
        onShown?.();
      }}
    />
  );
}

interface WipeProps {
  before: Picture;
  after: Picture;
  alt: string;
  share: number;
  zoom: Zoom;
  onShare: (share: number) => void;
  onShown: () => void;
}

/** The earlier picture lies over the left part of this one. The pointer drags the border between them. */
function Wipe({ before, after, alt, share, zoom, onShare, onShown }: WipeProps) {
  function drag(event: PointerEvent): void {
    if (event.buttons !== 1 || zoom !== 'fit') return;
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    onShare(Math.round(Math.min(100, Math.max(0, (100 * (event.clientX - left)) / width))));
  }
  return (
    <div class="review-wipe" onPointerDown={drag} onPointerMove={drag}>
      <Sized href={after.href} alt={`After: ${alt}`} zoom={zoom} onShown={onShown} />
      <img
        class="review-wipe-before"
        src={pathTo(before.href)}
        alt={`Before: ${before.title}`}
        draggable={false}
        style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}
      />
      <span class="review-wipe-border" style={{ left: `${share}%` }} aria-hidden="true" />
    </div>
  );
}

function Slider({ share, onShare, before }: { share: number; onShare: (share: number) => void; before: string }) {
  return (
    <label class="review-slider">
      <span dir="auto" class="review-slider-end">
        {before}
      </span>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label="How much of the earlier picture is shown"
        aria-valuetext={`${share} % of the width`}
        onInput={(event) => onShare(event.currentTarget.valueAsNumber)}
      />
      <span class="review-slider-end">this result</span>
    </label>
  );
}
