/** What a transaction's coordinator knows of it (KIP-664, brokers since 3.0). */
import type { KafkaBroker } from "./broker.ts";
import { sendRaw } from "./raw-request.ts";
import { WireWriter } from "./wire.ts";

const DESCRIBE_TRANSACTIONS = { apiKey: 65, apiVersion: 0, apiName: "DescribeTransactions" };

export interface DescribedTransaction {
  /** Kafka's word: Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort, Dead, PrepareEpochFence. */
  state: string;
  /** Whoever holds an older one can write nothing more under this id. */
  producerEpoch: number;
}

/** Asked of the id's coordinator. Throws when it can't or may not tell. */
export async function describeTransaction(
  broker: KafkaBroker,
  transactionalId: string,
): Promise<DescribedTransaction> {
  const answer = await sendRaw(
    broker,
    DESCRIBE_TRANSACTIONS,
    new WireWriter().noTags().compactStrings([transactionalId]).noTags(),
  );
  answer.skipTags();
  answer.int32();
  const [found] = answer.compactArray(() => {
    const error = answer.int16();
    answer.compactString();
    const state = answer.compactString();
    answer.int32();
    answer.int64();
    answer.int64();
    const producerEpoch = answer.int16();
    answer.compactArray(() => {
      answer.compactString();
      answer.compactArray(() => answer.int32());
      answer.skipTags();
    });
    answer.skipTags();
    return { error, state, producerEpoch };
  });
  if (found === undefined || found.error !== 0) {
    throw new Error(`the coordinator doesn't tell of ${transactionalId} (${found?.error ?? "no answer"})`);
  }
  return { state: found.state, producerEpoch: found.producerEpoch };
}
