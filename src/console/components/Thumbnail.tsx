// A small picture of a result. Without one, its place stays, so that rows do not move.

import { useState } from 'preact/hooks';
import { pathTo } from '../base.ts';

interface ThumbnailProps {
  /** A path of the API. */
  href: string;
  /** What the picture shows: its prompt. */
  alt: string;
  size?: 'small' | 'large';
}

export function Thumbnail({ href, alt, size = 'small' }: ThumbnailProps) {
  const [gone, setGone] = useState<string | undefined>(undefined);
  if (gone === href) {
    return (
      <span
        class={`thumbnail gone ${size}`}
        role="img"
        aria-label={`The picture is gone: ${alt}`}
        title="The picture is gone"
      >
        ?
      </span>
    );
  }
  return (
    <img
      class={`thumbnail ${size}`}
      src={pathTo(href)}
      alt={alt}
      loading="lazy"
      decoding="async"
      onError={() => setGone(href)}
    />
  );
}
