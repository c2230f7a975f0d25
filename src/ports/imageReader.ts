// Decodes reference images outside the event loop, to find those that no model could read.

export interface ImageToRead {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/webp';
  /** As its header declares. */
  readonly pixels: number;
  /** Whose image it is: a tenant's image does not wait for all images of another tenant. */
  readonly tenant: string;
}

export interface ImageReading {
  /** Why it cannot be decoded, as the end of a sentence: "is cut off". */
  readonly problem?: string;
  /** The image in the same format after its EXIF orientation has turned it; absent if it needs no turn. */
  readonly upright?: Uint8Array;
}

export interface ImageReader {
  /** Decodes the whole image, when it is its turn: small images overtake large ones. */
  read(image: ImageToRead): Promise<ImageReading>;
}
