/** What is used of packages that come without types. */
declare module "lz4js" {
  const lz4: {
    /** Of a frame. */
    decompress(bytes: Uint8Array, maximumBytes: number): Uint8Array;
    /** At most so many bytes come of a frame. */
    decompressBound(bytes: Uint8Array): number;
    compress(bytes: Uint8Array): Uint8Array;
  };
  export default lz4;
}

declare module "snappyjs" {
  const snappy: {
    /** Throws when more than `maximumBytes` would come of it. */
    uncompress(bytes: Uint8Array, maximumBytes: number): Uint8Array;
    compress(bytes: Uint8Array): Uint8Array;
  };
  export default snappy;
}
