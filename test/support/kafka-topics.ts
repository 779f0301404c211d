/** Makes topics for a test, and waits until every broker knows them. */
import { type Admin, Kafka, logLevel } from "kafkajs";

const KNOWN_TIMEOUT_MS = 10_000;

export class KafkaTopics {
  private readonly admin: Admin;

  constructor(brokers: string[]) {
    this.admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  }

  connect(): Promise<void> {
    return this.admin.connect();
  }

  close(): Promise<void> {
    return this.admin.disconnect();
  }

  async create(topics: { name: string; partitions: number; compacted?: boolean }[]): Promise<void> {
    await this.admin.createTopics({
      // kafkajs's own wait fails while the broker that it asks hasn't heard of the topic.
      waitForLeaders: false,
      topics: topics.map(({ name, partitions, compacted }) => ({
        topic: name,
        numPartitions: partitions,
        configEntries: compacted ? [{ name: "cleanup.policy", value: "compact" }] : [],
      })),
    });
    const names = topics.map(({ name }) => name);
    for (const deadline = Date.now() + KNOWN_TIMEOUT_MS; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      try {
        await this.admin.fetchTopicMetadata({ topics: names });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }
}
