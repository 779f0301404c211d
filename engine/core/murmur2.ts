/**
 * Murmur2 as Kafka's Java client hashes keys, so that every client that follows Java finds the same partition. The
 * algorithm is Austin Appleby's MurmurHash2 (public domain) with Kafka's seed, over the key's UTF-8 bytes.
 */

const SEED = 0x9747b28c | 0;
const MULTIPLIER = 0x5bd1e995;
const encoder = new TextEncoder();
/** Where a key's bytes are laid: keys are short, ASCII, and hashed all the time. */
const scratch = new Uint8Array(256);

/** The hash of a key as a signed 32-bit integer, as Java's `Utils.murmur2` gives it. */
export function murmur2(text: string): number {
  const isAscii = layAscii(text);
  const bytes = isAscii ? scratch : encoder.encode(text);
  const length = isAscii ? text.length : bytes.length;
  const words = length & ~3;
  let hash = SEED ^ length;
  for (let i = 0; i < words; i += 4) {
    let word = byte(bytes, i) | (byte(bytes, i + 1) << 8) | (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const rest = length - words;
  if (rest === 3) hash ^= byte(bytes, words + 2) << 16;
  if (rest >= 2) hash ^= byte(bytes, words + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byte(bytes, words), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** The partition of a key: Java's default. A journey's home is the partition of its lower-case uuid. */
export function partitionFor(key: string, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** Lays the text in `scratch`, if it fits and is ASCII. */
function layAscii(text: string): boolean {
  if (text.length > scratch.length) return false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return false;
    scratch[i] = unit;
  }
  return true;
}

function byte(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
