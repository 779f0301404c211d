/** The staged connection test, read line by line as its stages end. */
import { useEffect, useRef, useState } from "react";
import type { ProfileDraft, TestStage } from "../../engine/api/schemas/profile.ts";
import { api } from "../api.ts";

interface StageWords {
  stage: TestStage["stage"];
  title: string;
  asks: string;
}

/** Where the profile has a schema registry, after the others. */
export const REGISTRY_STAGE: StageWords = { stage: "registry", title: "Registry", asks: "Does it give out schemas?" };

export const STAGES: readonly StageWords[] = [
  { stage: "dns", title: "DNS", asks: "Are the brokers' names known?" },
  { stage: "tcp", title: "TCP", asks: "Do they answer on their ports?" },
  { stage: "tls", title: "TLS", asks: "Is the encrypted channel trusted?" },
  { stage: "sasl", title: "SASL", asks: "Are user and password right?" },
  { stage: "acls", title: "ACLs", asks: "What may this user do?" },
  { stage: "topics", title: "Topics", asks: "Are they there, as they must be?" },
  { stage: "transactions", title: "Transactions", asks: "Can records be written as one?" },
];

export type TestRun =
  | { phase: "none" }
  | { phase: "running" | "ended"; stages: readonly TestStage[] }
  | { phase: "failed"; stages: readonly TestStage[]; error: unknown };

interface ConnectionTest {
  run: TestRun;
  start(name: string, draft: ProfileDraft): void;
  stop(): void;
}

export function useConnectionTest(): ConnectionTest {
  const [run, setRun] = useState<TestRun>({ phase: "none" });
  const current = useRef<AbortController>(undefined);
  useEffect(() => () => current.current?.abort(), []);

  const start = (name: string, draft: ProfileDraft) => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    const stages: TestStage[] = [];
    const show = (next: TestRun) => {
      if (current.current === controller) setRun(next);
    };
    show({ phase: "running", stages: [] });
    const onStage = (stage: TestStage) => {
      stages.push(stage);
      show({ phase: "running", stages: [...stages] });
    };
    readStages(name, draft, onStage, controller.signal).then(
      () => show({ phase: "ended", stages }),
      (error: unknown) => show({ phase: "failed", stages, error }),
    );
  };
  const stop = () => {
    current.current?.abort();
    current.current = undefined;
    setRun((before) => ("stages" in before ? { phase: "ended", stages: before.stages } : before));
  };
  return { run, start, stop };
}

async function readStages(
  name: string,
  draft: ProfileDraft,
  onStage: (stage: TestStage) => void,
  signal: AbortSignal,
): Promise<void> {
  const reader = (await api.testProfile({ profile: { ...draft, name } }, signal)).getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line.trim() !== "") onStage(JSON.parse(line) as TestStage);
    if (done) return;
  }
}

/** The worst there is to say, once it has ended. */
export function verdictOf(stages: readonly TestStage[]): { tone: "ok" | "warn" | "bad"; words: string } {
  const failed = stages.find(({ status }) => status === "failed");
  if (failed !== undefined) return { tone: "bad", words: `Stopped at ${titleOf(failed.stage)}` };
  if (stages.length < STAGES.length) return { tone: "warn", words: "Not finished" };
  const warnings = stages.filter(({ status }) => status === "warning").length;
  if (warnings > 0)
    return { tone: "warn", words: warnings === 1 ? "Works, with a warning" : `Works, with ${warnings} warnings` };
  return { tone: "ok", words: "Everything works" };
}

function titleOf(stage: TestStage["stage"]): string {
  return [...STAGES, REGISTRY_STAGE].find((each) => each.stage === stage)?.title ?? stage;
}
