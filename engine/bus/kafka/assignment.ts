/**
 * Who gets which partition: evenly, and everybody keeps as much as possible of what they have. Every member tells the
 * leader what it holds, in its metadata; the leader runs `assign`.
 */
import type kafkajs from "kafkajs";

/** Members of different protocols can't share a group: another way of assigning needs another name. */
export const PROTOCOL = "antigraph-sticky";
const VERSION = 1;

type Codec = typeof kafkajs.AssignerProtocol;

export interface GroupMember {
  memberId: string;
  /** What it holds now. */
  partitions: number[];
}

/** Partitions by member. */
export function assign(members: readonly GroupMember[], partitions: number): Map<string, number[]> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const result = new Map<string, number[]>(sorted.map(({ memberId }) => [memberId, []]));
  if (sorted.length === 0) return result;
  const least = Math.floor(partitions / sorted.length);
  // So many members get one more than the others: first those that hold more already.
  let extras = partitions % sorted.length;
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition));
  const holders = [...sorted].sort((a, b) => b.partitions.length - a.partitions.length);
  for (const { memberId, partitions: held } of holders) {
    const share = result.get(memberId) ?? [];
    const wanted = held.filter((partition) => free.has(partition)).sort((a, b) => a - b);
    const quota = wanted.length > least && extras > 0 ? least + 1 : least;
    if (quota > least) extras--;
    for (const partition of wanted.slice(0, quota)) {
      share.push(partition);
      free.delete(partition);
    }
  }
  const rest = [...free].sort((a, b) => a - b);
  for (const { memberId } of sorted) {
    const share = result.get(memberId) ?? [];
    while (share.length < least) share.push(rest.shift() ?? 0);
  }
  for (const { memberId } of sorted) {
    const share = result.get(memberId) ?? [];
    if (rest.length > 0 && share.length === least) share.push(rest.shift() ?? 0);
  }
  for (const share of result.values()) share.sort((a, b) => a - b);
  return result;
}

export function encodeMetadata(codec: Codec, topic: string, held: readonly number[]): Buffer {
  return codec.MemberMetadata.encode({
    version: VERSION,
    topics: [topic],
    userData: Buffer.from(JSON.stringify(held)),
  });
}

export function decodeMetadata(codec: Codec, memberId: string, metadata: Buffer): GroupMember {
  const userData = codec.MemberMetadata.decode(metadata)?.userData;
  const partitions: unknown = userData && userData.length > 0 ? JSON.parse(userData.toString()) : [];
  return { memberId, partitions: Array.isArray(partitions) ? partitions.filter(Number.isInteger) : [] };
}

export function encodeAssignment(codec: Codec, topic: string, partitions: number[]): Buffer {
  return codec.MemberAssignment.encode({
    version: VERSION,
    assignment: { [topic]: partitions },
    userData: Buffer.alloc(0),
  });
}

export function decodeAssignment(codec: Codec, topic: string, assignment: Buffer): number[] {
  return assignment.length === 0 ? [] : (codec.MemberAssignment.decode(assignment)?.assignment[topic] ?? []);
}
