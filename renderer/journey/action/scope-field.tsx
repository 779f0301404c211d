import { Checkbox, Radio, Select } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import type { CompiledFlow } from "../../../engine/core/flow.ts";
import type { Journey, Scope } from "../../../engine/core/journey.ts";
import { ApiError, api } from "../../api.ts";
import { plural } from "../../parts/format.ts";
import type { Offer } from "../offers.ts";
import { stepName } from "../step-name.ts";
import classes from "./action.module.css";
import { type ActionForm, failedStep, makeRequest, stepsRun } from "./action-form.ts";

interface ScopeFieldProps {
  offer: Offer;
  form: ActionForm;
  journey: Journey;
  flow: CompiledFlow;
  onChange: (form: ActionForm) => void;
}

const SCOPES: { scope: Scope; label: string; explain: string }[] = [
  { scope: "journey", label: "The whole journey", explain: "Everything that took effect." },
  { scope: "path", label: "The path to a step", explain: "Only what came before that step; parallel branches stay." },
  {
    scope: "branch",
    label: "The branch of a step",
    explain: "Only what lies between the last fork before it and the step; the rest of the flow goes on.",
  },
  {
    scope: "to",
    label: "Back to a step",
    explain: "Only what came after that step. The journey is held there, to be resumed.",
  },
];

/** How much is undone. Each choice tells how many commands it would send. */
export function ScopeField({ offer, form, journey, flow, onChange }: ScopeFieldProps) {
  const failed = failedStep(journey, flow);
  const counts = useScopeCounts(offer, form, journey, failed !== undefined);
  const steps = stepsRun(journey, flow);
  const needsStep = form.scope === "to" || (form.scope !== "journey" && failed === undefined);
  return (
    <div className={classes.scope}>
      <Radio.Group
        label="What is undone"
        value={form.scope}
        onChange={(scope) => onChange({ ...form, scope: scope as Scope })}
      >
        {SCOPES.map(({ scope, label, explain }) => (
          <Radio
            key={scope}
            value={scope}
            className={classes.choice}
            label={
              <span className={classes.choiceLabel}>
                <span>{label}</span>
                <span className={classes.small} title={counts.get(scope)?.why}>
                  {counts.get(scope)?.says}
                </span>
              </span>
            }
            description={explain}
          />
        ))}
      </Radio.Group>
      {needsStep && (
        <Select
          label={form.scope === "to" ? "Go back to" : "The step that counts as failed"}
          data={steps.map((id) => ({ value: id, label: stepLabel(flow, id) }))}
          value={form.step ?? null}
          onChange={(step) => onChange({ ...form, step: step ?? undefined })}
          placeholder="choose a step"
          searchable
        />
      )}
      {form.scope !== "to" && failed !== undefined && (
        <Checkbox
          label={`Undo ${stepLabel(flow, failed)} too, though it failed`}
          description="Where a failed call may have worked in part. Its negations must bear finding nothing."
          checked={form.attempted}
          onChange={(event) => onChange({ ...form, attempted: event.currentTarget.checked })}
        />
      )}
    </div>
  );
}

export function stepLabel(flow: CompiledFlow, id: string): string {
  const step = flow.steps[id];
  if (step === undefined) return id;
  const name = stepName(id, step);
  return step.function === id || name === id ? name : `${name} (${id})`;
}

/** What a choice would send: `3 commands`, `nothing to send`, or that it is refused and why. */
interface ScopeCount {
  says: string;
  why?: string;
}

/** Nothing said while it isn't known. */
function useScopeCounts(
  offer: Offer,
  form: ActionForm,
  journey: Journey,
  hasFailed: boolean,
): Map<Scope, ScopeCount> {
  const results = useQueries({
    queries: SCOPES.map(({ scope }) => {
      const made = makeRequest(offer, { ...form, scope }, hasFailed);
      return {
        queryKey: ["dry-run", journey.uuid, journey.seq, made.ok ? JSON.stringify(made.request) : `no ${scope}`],
        queryFn: async ({ signal }: { signal: AbortSignal }) => {
          if (!made.ok) throw new Error(made.message);
          return api.dryRun(journey.uuid, made.request, signal);
        },
        enabled: made.ok,
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 0,
        retry: false,
      };
    }),
  });
  return new Map(
    SCOPES.map(({ scope }, index): [Scope, ScopeCount] => {
      const { error, data } = results[index] ?? {};
      if (error instanceof ApiError && error.code !== "invalid_request") {
        return [scope, { says: "refused", why: error.message }];
      }
      if (data === undefined) return [scope, { says: "" }];
      const commands = data.levels.flat().length;
      return [scope, { says: commands === 0 ? "nothing to send" : plural(commands, "command") }];
    }),
  );
}
