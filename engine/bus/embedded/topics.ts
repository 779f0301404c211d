/** The topics of the bus file, and which partition a new record belongs to. */
import { AntigraphError } from "../../core/errors.ts";
import { partitionFor } from "../../core/murmur2.ts";
import type { NewRecord, TopicInfo } from "../bus.ts";
import { Log } from "./log.ts";
import type { Storage, TopicSpec } from "./storage.ts";

/** Keys and values above this are refused, so that one record can't hold up everybody's commit. */
const MAXIMUM_RECORD_CHARS = 8_388_608;

export interface Topic {
  name: string;
  compacted: boolean;
  /** By partition. */
  logs: Log[];
}

export class Topics {
  private readonly byName = new Map<string, Topic>();

  /** Creates the topics that are missing. Throws `topics_differ`. */
  constructor(storage: Storage, specs: readonly TopicSpec[]) {
    storage.ensureTopics(specs);
    for (const { name, compacted, logs } of storage.topics()) {
      this.byName.set(name, { name, compacted, logs: logs.map((row) => new Log(row, storage)) });
    }
  }

  all(): IterableIterator<Topic> {
    return this.byName.values();
  }

  /** Throws `topic_not_found`. */
  get(name: string): Topic {
    const topic = this.byName.get(name);
    if (topic === undefined)
      throw new AntigraphError("topic_not_found", `There is no topic ${name}.`, { topic: name });
    return topic;
  }

  /** Throws `topic_not_found` or `invalid_request`. */
  log(name: string, partition: number): Log {
    const topic = this.get(name);
    const log = topic.logs[partition];
    if (log !== undefined) return log;
    throw new AntigraphError(
      "invalid_request",
      `Topic ${name} has the partitions 0 to ${topic.logs.length - 1}, not ${partition}.`,
    );
  }

  /** Where a new record goes. Throws `topic_not_found` or `invalid_request`. */
  route(record: NewRecord): Log {
    const { topic: name, key, value } = record;
    const topic = this.get(name);
    if (topic.compacted && key === null) {
      throw new AntigraphError("invalid_request", `Records of the compacted topic ${name} need a key.`);
    }
    if ((key?.length ?? 0) + (value?.length ?? 0) > MAXIMUM_RECORD_CHARS) {
      throw new AntigraphError("invalid_request", `A record can have ${MAXIMUM_RECORD_CHARS} characters at most.`);
    }
    return this.log(name, record.partition ?? (key === null ? 0 : partitionFor(key, topic.logs.length)));
  }

  describe(): TopicInfo[] {
    return [...this.byName.values()].map(({ name, compacted, logs }) => ({
      name,
      compacted,
      partitions: logs.length,
      offsets: logs.map(({ partition, start, end }) => ({ partition, start, end })),
    }));
  }
}
