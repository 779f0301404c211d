/**
 * All services of some flow files, run by the SDK over a console's HTTP API. Each function does what the script says, the
 * others succeed; and each keeps what it did, in the order in which it happened.
 */
import { onTestFinished } from "vitest";
import type { ConsoleHost } from "../../engine/api/console.ts";
import { compileFlow } from "../../engine/core/compile.ts";
import { type FlowRecord, MANAGER, type UndoInfo } from "../../engine/core/protocol.ts";
import { type Call, defineService, type Handler, ServiceFailure } from "../../engine/service/define.ts";
import { createHttpTransport } from "../../engine/service/http-transport.ts";
import { runService } from "../../engine/service/run.ts";

export interface Effect {
  /** `service.function` */
  call: string;
  journey: string;
  data: unknown;
  undo?: UndoInfo;
}

/** What functions do, by `service.function`; what they return is their output, what they throw their failure. */
export type Script = Record<string, Handler>;

/** A failure that trying again doesn't mend. */
export const fails =
  (code: string): Handler =>
  () => {
    throw new ServiceFailure(code, `it is ${code}`, { retryable: false });
  };

/** Resolves when they have reached the console. They end with the running test. */
export async function runScripted(
  host: ConsoleHost,
  flows: readonly FlowRecord[],
  script: Script,
): Promise<Effect[]> {
  const effects: Effect[] = [];
  const handler =
    (name: string): Handler =>
    async (call: Call) => {
      const output = await (script[name] ?? (() => ({ done: name })))(call);
      const { uuid, data, undo } = call;
      effects.push({ call: name, journey: uuid, data, ...(undo && { undo }) });
      return output;
    };
  for (const [service, functions] of functionsOf(flows)) {
    const handlers = [...functions].map((name) => [name, handler(`${service}.${name}`)] as const);
    const transport = createHttpTransport({ url: host.url ?? "", token: host.token });
    const definition = defineService({ name: service, functions: Object.fromEntries(handlers) });
    const running = await runService(definition, transport);
    onTestFinished(() => running.stop());
    await running.ready;
  }
  return effects;
}

/** Service -> the functions that the flows' steps and negations call. */
function functionsOf(flows: readonly FlowRecord[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const record of flows) {
    for (const { service, function: called, negations } of Object.values(compileFlow(record).flow?.steps ?? {})) {
      if (service === MANAGER) continue;
      const functions = found.get(service) ?? new Set();
      for (const name of [called, ...negations]) functions.add(name);
      found.set(service, functions);
    }
  }
  return found;
}
