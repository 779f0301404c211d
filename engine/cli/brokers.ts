import { UsageError } from "./failure.ts";

/** `HOST:PORT,...` of an option. */
export function brokersOf(list: string): string[] {
  const brokers = list.split(",").map((broker) => broker.trim());
  const wrong = brokers.find((broker) => !/^(\[[0-9a-f:]+\]|[^\s:]+):\d{1,5}$/i.test(broker));
  if (wrong !== undefined) throw new UsageError(`--brokers: "${wrong}" isn't HOST:PORT.`);
  return brokers;
}
