import type { FaultRule } from "../service/faults.ts";
import { UsageError } from "./failure.ts";

const LONGEST_DELAY_MS = 3_600_000;

/**
 * The faults that flags ask for: `--fail service.function[=RATE]` and `--delay [service.function=]MS`; the function may
 * be `*`, and a delay without a call holds for all of `services`.
 */
export function faultsOf(fail: string[], delay: string[], services: string[]): FaultRule[] {
  const failing = fail.map((text): FaultRule => {
    const [call = "", rate = "1"] = split(text);
    if (!/^(0?\.\d+|0|1(\.0+)?|0\.0*)$/.test(rate)) {
      throw new UsageError(`--fail takes a rate from 0 to 1, not "${rate}".`);
    }
    return { ...target(call, "--fail", text, services), rate: Number(rate), delay_ms: 0 };
  });
  const delaying = delay.flatMap((text): FaultRule[] => {
    const [first = "", second] = split(text);
    const delay_ms = milliseconds(second ?? first);
    if (second !== undefined) return [{ ...target(first, "--delay", text, services), rate: 0, delay_ms }];
    return services.map((service) => ({ service, function: "*", rate: 0, delay_ms }));
  });
  return [...failing, ...delaying];
}

function split(text: string): string[] {
  const at = text.lastIndexOf("=");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function target(
  call: string,
  option: string,
  text: string,
  services: string[],
): { service: string; function: string } {
  const dot = call.lastIndexOf(".");
  if (dot <= 0 || dot === call.length - 1) {
    throw new UsageError(`${option} takes a call like user.create_user, not "${text}".`);
  }
  const service = call.slice(0, dot);
  if (!services.includes(service)) {
    throw new UsageError(`${option}: no service "${service}" runs here; there are ${services.join(", ")}.`);
  }
  return { service, function: call.slice(dot + 1) };
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > LONGEST_DELAY_MS) {
    throw new UsageError(`--delay takes milliseconds from 0 to ${LONGEST_DELAY_MS}, not "${text}".`);
  }
  return value;
}
