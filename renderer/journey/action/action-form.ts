/** What an operator chooses for an action, and the request that it makes. */
import type { ActionRequest } from "../../../engine/api/schemas/action.ts";
import type { CompiledFlow } from "../../../engine/core/flow.ts";
import type { Journey, Scope } from "../../../engine/core/journey.ts";
import { formatJson, parseJson } from "../../parts/json-view.tsx";
import type { Offer } from "../offers.ts";

export interface ActionForm {
  scope: Scope;
  /** The step meant: retried, settled, gone back to, or standing for the one that failed. */
  step?: string;
  /** Undo the failed step too: it may have worked in part. */
  attempted: boolean;
  /** Over the point of no return. */
  force: boolean;
  /** JSON in place of the data that would be sent; undefined leaves it as it is. */
  data?: string;
  /** JSON: what really came out. */
  output?: string;
  /** Of a replay or a move; undefined: the newest. */
  version?: string;
}

export function firstForm(offer: Offer, journey: Journey): ActionForm {
  return {
    scope: "journey",
    step: offer.step ?? (offer.action === "rerun" ? lastRun(journey) : undefined),
    attempted: false,
    force: false,
    output: offer.action === "complete" ? formatJson(journey.steps[offer.step ?? ""]?.output ?? null) : undefined,
  };
}

function lastRun(journey: Journey): string | undefined {
  const failed = Object.entries(journey.steps).find(
    ([, { status }]) => status === "failed" || status === "timed_out",
  );
  return failed?.[0];
}

export type Request = Omit<ActionRequest, "reason" | "id" | "dry_run" | "plan" | "seq">;
export type MadeRequest = { ok: true; request: Request } | { ok: false; message: string };

/** The request, or what is missing from the form. `hasFailed`: a step has, so that scopes can start from it. */
export function makeRequest(offer: Offer, form: ActionForm, hasFailed: boolean): MadeRequest {
  const { action } = offer;
  const forced = form.force ? { force: true } : {};
  switch (action) {
    case "rollback":
      return rollbackRequest(form, hasFailed);
    case "cancel":
      return { ok: true, request: { action, ...forced } };
    case "terminate":
    case "pause":
    case "resume":
      return { ok: true, request: { action } };
    case "retry":
      return withJson("data", form.data, { action, step: form.step, function: offer.function });
    case "skip":
      return withJson("output", form.output, { action, step: form.step, function: offer.function });
    case "complete":
      if (form.output === undefined || form.output.trim() === "") {
        return { ok: false, message: "Say what really came out, as JSON; null for nothing." };
      }
      return withJson("output", form.output, { action, step: form.step });
    case "replay":
      return withJson("data", form.data, { action, version: form.version });
    case "rerun":
      if (form.step === undefined) return { ok: false, message: "Choose the step to run again from." };
      return withJson("data", form.data, { action, step: form.step, ...forced });
    case "migrate":
      if (form.version === undefined) return { ok: false, message: "Choose the version to move to." };
      return { ok: true, request: { action, version: form.version } };
    default:
      return action satisfies never;
  }
}

function rollbackRequest({ scope, step, attempted, force }: ActionForm, hasFailed: boolean): MadeRequest {
  const common = { action: "rollback", scope, ...(force ? { force } : {}) };
  if (scope === "to") {
    if (step === undefined) return { ok: false, message: "Choose the step to go back to." };
    return { ok: true, request: { ...common, to: step } };
  }
  const include = attempted ? { include: "attempted" as const } : {};
  if (scope === "journey") return { ok: true, request: { ...common, ...include } };
  if (step === undefined && !hasFailed) return { ok: false, message: "Choose the step that counts as failed." };
  return { ok: true, request: { ...common, ...include, ...(step === undefined || hasFailed ? {} : { step }) } };
}

function withJson(field: "data" | "output", text: string | undefined, request: Request): MadeRequest {
  const bare = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined)) as Request;
  if (text === undefined || text.trim() === "") return { ok: true, request: bare };
  const parsed = parseJson(text);
  return parsed.ok ? { ok: true, request: { ...bare, [field]: parsed.value } } : parsed;
}

/** A step has failed, so that scopes which need one can do without a choice. */
export function failedStep(journey: Journey, flow: CompiledFlow): string | undefined {
  return flow.order.find((id) => {
    const status = journey.steps[id]?.status;
    return status === "failed" || status === "timed_out";
  });
}

/** Steps that have run: those that a rollback or a rerun can start from. */
export function stepsRun(journey: Journey, flow: CompiledFlow): string[] {
  return flow.order.filter((id) => (journey.steps[id]?.attempts ?? 0) > 0);
}

export function passedPivot(journey: Journey, flow: CompiledFlow): boolean {
  return flow.order.some((id) => flow.steps[id]?.settings.pivot && journey.steps[id]?.status === "succeeded");
}
