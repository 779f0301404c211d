/**
 * Does a transaction really work? Two of them, with nothing that a reader of committed records could see: one writes a
 * record to the dead letters and is aborted, the other takes the partition in, writes nothing and is committed.
 */
import type { KafkaBroker, TransactionIdentity } from "../broker.ts";
import { delay, typeOf } from "../errors.ts";
import type { Stand } from "./acls.ts";
import type { Checked } from "./finding.ts";
import type { LoggedIn } from "./sasl.ts";

const TRANSACTION_TIMEOUT_MS = 60_000;
const WRITE_TIMEOUT_MS = 5_000;
/** Kafka is still writing the end of the one before. */
const BUSY_WAIT_MS = 20;
const BUSY_TRIES = 100;
const PARTITION = 0;

export async function checkTransactions(session: LoggedIn, stand: Stand): Promise<Checked<void>> {
  const { connection } = session;
  const { transactionalId } = stand;
  const topic = stand.topics.deadLetter;
  await connection.know(topic);
  const coordinator = await connection.transactionCoordinator(transactionalId);
  const { producerId, producerEpoch } = await whenFree(() =>
    coordinator.initProducerId({ transactionalId, transactionTimeout: TRANSACTION_TIMEOUT_MS }),
  );
  const identity = { transactionalId, producerId, producerEpoch };
  const leader = connection.leaderOf(topic, PARTITION);
  if (leader === undefined) {
    const message = `${topic}/${PARTITION} has no leader now.`;
    return { finding: { status: "failed", message, help: "Is the broker that leads it down?" } };
  }
  const writing = await connection.broker(leader);
  await whenFree(() => enter(coordinator, identity, topic));
  const messages = [{ key: null, value: "a record of antigraph doctor, aborted", headers: {} }];
  await whenFree(() =>
    writing.produce({
      ...identity,
      acks: -1,
      timeout: WRITE_TIMEOUT_MS,
      topicData: [{ topic, partitions: [{ partition: PARTITION, firstSequence: 0, messages }] }],
    }),
  );
  await whenFree(() => coordinator.endTxn({ ...identity, transactionResult: false }));
  await whenFree(() => enter(coordinator, identity, topic));
  await whenFree(() => coordinator.endTxn({ ...identity, transactionResult: true }));
  return {
    finding: {
      status: "ok",
      message: `A transaction was aborted and another committed on ${topic}; nothing of them can be read.`,
    },
  };
}

function enter(coordinator: KafkaBroker, identity: TransactionIdentity, topic: string): Promise<unknown> {
  return coordinator.addPartitionsToTxn({ ...identity, topics: [{ topic, partitions: [PARTITION] }] });
}

async function whenFree<T>(request: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await request();
    } catch (error) {
      if (typeOf(error) !== "CONCURRENT_TRANSACTIONS" || tries === BUSY_TRIES) throw error;
      await delay(BUSY_WAIT_MS);
    }
  }
}
