/** CRC-32C (Castagnoli), as record batches carry it; eight bytes a step. */

const POLYNOMIAL = 0x82f63b78;
const STEP_BYTES = 8;

/** tables[k][b]: the checksum of byte b with k zero bytes behind it. */
const tables: Int32Array[] = Array.from({ length: STEP_BYTES }, () => new Int32Array(256));
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  t0[byte] = crc;
}
for (let byte = 0; byte < 256; byte++) {
  let crc = at(t0, byte);
  for (const table of tables.slice(1)) {
    crc = (crc >>> 8) ^ at(t0, crc & 0xff);
    table[byte] = crc;
  }
}

function at(table: Int32Array, index: number): number {
  return table[index] as number;
}

/** Of the bytes from `start` to before `end`, as an unsigned number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  let index = start;
  for (; index + STEP_BYTES <= end; index += STEP_BYTES) {
    const low = crc ^ word(bytes, index);
    const high = word(bytes, index + 4);
    crc =
      at(t7, low & 0xff) ^
      at(t6, (low >>> 8) & 0xff) ^
      at(t5, (low >>> 16) & 0xff) ^
      at(t4, low >>> 24) ^
      at(t3, high & 0xff) ^
      at(t2, (high >>> 8) & 0xff) ^
      at(t1, (high >>> 16) & 0xff) ^
      at(t0, high >>> 24);
  }
  for (; index < end; index++) crc = (crc >>> 8) ^ at(t0, (crc ^ (bytes[index] as number)) & 0xff);
  return ~crc >>> 0;
}

function word(bytes: Uint8Array, index: number): number {
  return (
    (bytes[index] as number) |
    ((bytes[index + 1] as number) << 8) |
    ((bytes[index + 2] as number) << 16) |
    ((bytes[index + 3] as number) << 24)
  );
}
