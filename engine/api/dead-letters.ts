/** Dead letters, sent again: as new records to the topic they came from, with their key and bytes, and with who did it. */
import type { BusRecord, NewRecord } from "../bus/bus.ts";
import { AntigraphError } from "../core/errors.ts";
import { START_HEADERS } from "../core/protocol.ts";
import type { ApiHost } from "./host.ts";
import type { Resent } from "./schemas/record.ts";

/** What managers and services put into a dead letter's headers. */
const LETTER_HEADERS = new Set(["reason", "message", "topic", "partition", "offset"]);
/** Where a resent record comes from. */
const RESENT_FROM = "resent-from";

/**
 * All of them or none. A repeat sends them again: their readers honour repeats (uuids, ids of actions, of commands).
 * @throws AntigraphError forbidden_topic, offset_out_of_range, invalid_request, bus_unavailable
 */
export async function resendDeadLetters(
  host: ApiHost,
  topic: string,
  places: readonly { partition: number; offset: number }[],
  reason: string,
): Promise<Resent["records"]> {
  if (topic !== host.topics.deadLetter) {
    throw new AntigraphError(
      "forbidden_topic",
      `Only dead letters are sent again; they lie in ${host.topics.deadLetter}.`,
    );
  }
  const letters = await Promise.all(places.map((place) => readLetter(host, topic, place)));
  const targets = [host.topics.toManager, host.topics.fromManager];
  const partitions = new Map(
    await Promise.all(targets.map(async (name) => [name, (await host.bus.offsets(name)).length] as const)),
  );
  const records = letters.map((letter) => resentRecord(host, letter, partitions, reason));
  const placed = await host.bus.append(records);
  const answer = letters.map(({ partition, offset }, index) => ({
    from: { topic, partition, offset },
    to: placed[index] ?? { topic: "", partition: 0, offset: 0 },
  }));
  for (const { from, to } of answer) {
    const what = `${from.topic} ${from.partition} @ ${from.offset} to ${to.topic} ${to.partition} @ ${to.offset}`;
    host.profiles.note("record.resent", reason === "" ? what : `${reason} (${what})`);
  }
  return answer;
}

async function readLetter(
  host: ApiHost,
  topic: string,
  { partition, offset }: { partition: number; offset: number },
): Promise<BusRecord> {
  const { records } = await host.bus.read({ topic, from: { [partition]: offset }, limit: 1 });
  const [letter] = records;
  if (letter?.offset === offset) return letter;
  throw new AntigraphError("offset_out_of_range", `There is no dead letter at ${partition} @ ${offset}.`);
}

function resentRecord(
  host: ApiHost,
  letter: BusRecord,
  partitions: ReadonlyMap<string, number>,
  reason: string,
): NewRecord {
  const { headers, key, value, bytes, schemaId } = letter;
  const topic = headers.topic ?? host.topics.toManager;
  const count = partitions.get(topic);
  if (count === undefined) {
    throw new AntigraphError(
      "invalid_request",
      `The dead letter at ${letter.partition} @ ${letter.offset} came from ${topic}, which isn't a topic of this profile.`,
    );
  }
  const kept = Object.entries(headers).filter(([name]) => !LETTER_HEADERS.has(name));
  const home = Number(headers.partition);
  return {
    topic,
    key,
    value,
    headers: {
      ...Object.fromEntries(kept),
      [START_HEADERS.actor]: host.actor,
      ...(reason !== "" && { [START_HEADERS.reason]: reason }),
      [RESENT_FROM]: `${letter.topic}/${letter.partition}/${letter.offset}`,
    },
    // Where its client had put it, whatever that client hashes by.
    ...(Number.isInteger(home) && home >= 0 && home < count && { partition: home }),
    ...(bytes && { bytes }),
    ...(schemaId !== undefined && { schemaId }),
  };
}
