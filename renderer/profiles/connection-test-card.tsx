import { Button } from "@mantine/core";
import type { TestStage } from "../../engine/api/schemas/profile.ts";
import { Card } from "../parts/card.tsx";
import { duration } from "../parts/format.ts";
import { IconAlertTriangle, IconCheck, IconCircleDashed, IconMinus, IconX } from "../parts/icons.ts";
import { ErrorStrip } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import { REGISTRY_STAGE, STAGES, type TestRun, verdictOf } from "./connection-test.ts";
import classes from "./profiles.module.css";

const LOOKS = {
  ok: { icon: IconCheck, word: "ok" },
  warning: { icon: IconAlertTriangle, word: "warning" },
  failed: { icon: IconX, word: "failed" },
  skipped: { icon: IconMinus, word: "skipped" },
} as const;

interface ConnectionTestCardProps {
  run: TestRun;
  /** Why it can't be tested yet. */
  blocked: string | undefined;
  /** The form has a schema registry: it is tested too. */
  hasRegistry: boolean;
  onStart: () => void;
  onStop: () => void;
}

/** The stages of the test, filled in as they end; what failed says why and what to do. */
export function ConnectionTestCard({ run, blocked, hasRegistry, onStart, onStop }: ConnectionTestCardProps) {
  const stages = run.phase === "none" ? [] : run.stages;
  const running = run.phase === "running";
  const all = hasRegistry ? [...STAGES, REGISTRY_STAGE] : STAGES;
  const next = running ? all.find(({ stage }) => !stages.some((done) => done.stage === stage))?.stage : undefined;
  const verdict = run.phase === "ended" ? verdictOf(stages) : undefined;
  return (
    <Card
      title="Connection test"
      note={
        <span role="status">
          {running && "testing…"}
          {verdict !== undefined && <Badge tone={verdict.tone}>{verdict.words}</Badge>}
        </span>
      }
    >
      <ol className={classes.stages}>
        {all.map(({ stage, title, asks }) => (
          <Stage
            key={stage}
            title={title}
            asks={asks}
            result={stages.find((done) => done.stage === stage)}
            running={stage === next}
          />
        ))}
      </ol>
      {run.phase === "failed" && <ErrorStrip what="The test broke off." error={run.error} />}
      <div className={classes.testFoot}>
        <span className="ag-dim">{blocked ?? "Tests what the form says; nothing has to be saved for it."}</span>
        {running ? (
          <Button onClick={onStop}>Stop</Button>
        ) : (
          <Button onClick={onStart} disabled={blocked !== undefined}>
            {run.phase === "none" ? "Test the connection" : "Test again"}
          </Button>
        )}
      </div>
    </Card>
  );
}

interface StageProps {
  title: string;
  asks: string;
  result: TestStage | undefined;
  running: boolean;
}

function Stage({ title, asks, result, running }: StageProps) {
  const look = result === undefined ? undefined : LOOKS[result.status];
  const Icon = look?.icon ?? IconCircleDashed;
  return (
    <li className={classes.stage} data-status={result?.status ?? (running ? "running" : "waiting")}>
      <span className={classes.stageIcon}>
        <Icon size={16} stroke={2.2} aria-hidden />
      </span>
      <div className={classes.stageText}>
        <p>
          <b>{title}</b>{" "}
          {look === undefined ? (
            <span className="ag-dim">{running ? "being tested…" : asks}</span>
          ) : (
            <>
              <span className="ag-visually-hidden">{look.word}: </span>
              {result?.message}
            </>
          )}
        </p>
        {result?.help !== undefined && <p className={classes.help}>{result.help}</p>}
        {result?.details !== undefined && result.details.length > 0 && (
          <details className={classes.more}>
            <summary>{result.details.length === 1 ? "one line more" : `${result.details.length} lines more`}</summary>
            <pre className="ag-mono">{result.details.join("\n")}</pre>
          </details>
        )}
      </div>
      {result !== undefined && result.status !== "skipped" && (
        <span className={classes.stageTime}>{duration(result.ms)}</span>
      )}
    </li>
  );
}
