/**
 * The transactions of appends to several partitions, one after the other, under one transactional id of this process. One
 * whose outcome is unknown is not left to Kafka's timeout: until it is ended nobody reads further in its partitions.
 */
import type { PartitionBatch } from "./batches.ts";
import type { Connection } from "./client.ts";
import { delay, isFinal } from "./errors.ts";
import { TransactionalProducer } from "./transactional-producer.ts";

/** Of an appender that died; Kafka aborts what it left open after this time and up to ten seconds more. */
const TRANSACTION_TIMEOUT_MS = 20_000;
const RETRY_MS = 200;

export class AppendTransactions {
  private readonly connection: Connection;
  private readonly transactionalId: string;
  private producer: TransactionalProducer | undefined;
  /** Ends what a failed append has left open. */
  private ending: { done: Promise<void>; stop: AbortController } | undefined;

  constructor(connection: Connection, transactionalId: string) {
    this.connection = connection;
    this.transactionalId = transactionalId;
  }

  /**
   * Writes all batches or none, and answers the first offset of each. Tries again as long as it is certain that nothing was
   * committed and `timeoutMs` isn't over. When it rejects, they may be committed all the same. One call at a time.
   */
  async commit(batches: readonly PartitionBatch[], timeoutMs: number): Promise<number[]> {
    const deadline = Date.now() + timeoutMs;
    await this.stopEnding();
    for (;;) {
      try {
        this.producer ??= await this.begin();
        return await this.producer.commit(batches);
      } catch (error) {
        const maybe = this.producer?.ending === true;
        this.producer = undefined;
        if (maybe || isFinal(error) || Date.now() > deadline) {
          // Not awaited: the caller is told now.
          const stop = new AbortController();
          this.ending = { done: this.end(stop.signal), stop };
          throw error;
        }
        await this.connection.refresh();
        await delay(RETRY_MS);
      }
    }
  }

  /** Waits for the request under way, if one is. */
  close(): Promise<void> {
    return this.stopEnding();
  }

  /**
   * Whoever begins next aborts what is open as well, and need not wait until that has worked: only for the request under
   * way, which would abort the next transaction if it came behind its beginning.
   */
  private async stopEnding(): Promise<void> {
    const { ending } = this;
    this.ending = undefined;
    ending?.stop.abort();
    await ending?.done;
  }

  /** Aborts what a failed try has left open. */
  private async begin(): Promise<TransactionalProducer> {
    const fresh = this.fresh();
    await fresh.initialise();
    return fresh;
  }

  private async end(signal: AbortSignal): Promise<void> {
    // Kafka's timeout is left for what can't be reached.
    await this.fresh()
      .abort(signal)
      .catch(() => {});
  }

  private fresh(): TransactionalProducer {
    return new TransactionalProducer(this.connection, this.transactionalId, TRANSACTION_TIMEOUT_MS);
  }
}
