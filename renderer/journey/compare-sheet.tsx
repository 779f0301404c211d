/** What differs: between two steps, or between this journey and another one. */
import { Autocomplete, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { JourneyView, StepView } from "../../engine/core/view.ts";
import { api } from "../api.ts";
import { shortId, shortTime } from "../parts/format.ts";
import { formatJson } from "../parts/json-view.tsx";
import { SideSheet } from "../parts/side-sheet.tsx";
import { ErrorStrip, SkeletonBlock } from "../parts/states.tsx";
import { JOURNEY_LOOKS } from "../parts/status.ts";
import { useJourney } from "../queries.ts";
import { keys } from "../query-keys.ts";
import classes from "./compare.module.css";
import { stepName } from "./step-name.ts";

const FlowDiff = lazy(() => import("../flows/flow-diff.tsx").then((module) => ({ default: module.FlowDiff })));

/** The journey as a whole, in place of a step. */
const WHOLE = "";
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;
const SUGGESTED_JOURNEYS = 8;
const DIFF_HEIGHT = 520;

interface CompareSheetProps {
  uuid: string;
  step?: string;
  onClose: () => void;
}

export function CompareSheet({ uuid, step = WHOLE, onClose }: CompareSheetProps) {
  const mine = useJourney(uuid);
  const [left, setLeft] = useState(step);
  const [otherText, setOtherText] = useState("");
  const [right, setRight] = useState<string>();
  const other = UUID.exec(otherText)?.[0].toLowerCase() ?? uuid;
  const theirs = useJourney(other);
  const suggestions = useSuggestions(mine.data);
  // Of another journey the same step is meant, of the same journey another one.
  const rightStep = right ?? (other === uuid ? undefined : left);
  const failed = mine.error ?? theirs.error;
  return (
    <SideSheet opened onClose={onClose} title="Compare" width={1040}>
      <div className={classes.choices}>
        <Select
          label="This journey"
          data={choices(mine.data)}
          value={left}
          onChange={(value) => setLeft(value ?? WHOLE)}
          allowDeselect={false}
          searchable
        />
        <Autocomplete
          label="with journey"
          description={undefined}
          placeholder="this one; or paste a uuid"
          data={suggestions}
          value={otherText}
          onChange={setOtherText}
          limit={SUGGESTED_JOURNEYS}
        />
        <Select
          label={other === uuid ? "its step" : "there"}
          data={choices(theirs.data)}
          value={rightStep ?? null}
          onChange={(value) => setRight(value ?? undefined)}
          placeholder="choose a step"
          searchable
        />
      </div>
      {failed !== null && (
        <ErrorStrip what="The journeys can't be read." error={failed} onRetry={() => void theirs.refetch()} />
      )}
      {mine.data === undefined || theirs.data === undefined ? (
        failed === null && <SkeletonBlock height={DIFF_HEIGHT} />
      ) : rightStep === undefined ? (
        <p className={classes.hint}>Choose what to compare it with: another step, or another journey.</p>
      ) : (
        <Suspense fallback={<SkeletonBlock height={DIFF_HEIGHT} />}>
          <FlowDiff
            before={{ label: labelOf(mine.data, left), text: textOf(mine.data, left) }}
            after={{ label: labelOf(theirs.data, rightStep), text: textOf(theirs.data, rightStep) }}
            height={DIFF_HEIGHT}
          />
        </Suspense>
      )}
    </SideSheet>
  );
}

/** The newest journeys of the same flow, those it was replayed from or to among them. */
function useSuggestions(journey: JourneyView | undefined): string[] {
  const filter = { name: journey?.name, limit: SUGGESTED_JOURNEYS };
  const { data } = useQuery({
    queryKey: [...keys.journey(journey?.uuid ?? ""), "alike"],
    queryFn: ({ signal }) => api.journeys(filter, signal),
    enabled: journey !== undefined,
  });
  const rows = (data?.journeys ?? []).filter((row) => row.uuid !== journey?.uuid);
  const related = journey?.replay_of === undefined ? [] : [journey.replay_of];
  return [
    ...related.map((uuid) => `${uuid} · the replayed one`),
    ...rows
      .filter((row) => !related.includes(row.uuid))
      .map((row) => `${row.uuid} · ${JOURNEY_LOOKS[row.status].word} · ${shortTime(row.started_at)}`),
  ];
}

function choices(journey: JourneyView | undefined): { value: string; label: string }[] {
  const steps = Object.entries(journey?.steps ?? {}).map(([id, step]) => ({ value: id, label: nameOf(id, step) }));
  return [{ value: WHOLE, label: "as a whole" }, ...steps];
}

function nameOf(id: string, step: StepView): string {
  const name = stepName(id, step);
  return id === step.function || id === name ? name : `${name} (${id})`;
}

function labelOf(journey: JourneyView, step: string): string {
  const found = journey.steps[step];
  const what = step === WHOLE || found === undefined ? "as a whole" : nameOf(step, found);
  return `${journey.name} v${journey.version} ${shortId(journey.uuid)}, ${what}`;
}

/** What is worth comparing: times and ids differ always and are left out. */
function textOf(journey: JourneyView, step: string): string {
  if (step !== WHOLE) return formatJson(comparable(journey.steps[step]));
  const { version, status, input, output, error, rollback, steps } = journey;
  return formatJson({
    version,
    status,
    input,
    output,
    error,
    rollback: rollback && { scope: rollback.scope, reason: rollback.reason, left_standing: rollback.left_standing },
    steps: Object.fromEntries(Object.entries(steps).map(([id, each]) => [id, comparable(each)])),
  });
}

function comparable(step: StepView | undefined) {
  if (step === undefined) return undefined;
  const { service, function: name, status, attempts, input, output, error, undo } = step;
  return { service, function: name, status, attempts, input, output, error, undo };
}
