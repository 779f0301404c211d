import { randomUUID } from "node:crypto";
import { ERRORS, type ErrorCode } from "../../core/errors.ts";
import type { ActionName } from "../../core/protocol.ts";
import type { Preview } from "../../core/view.ts";
import { actionOutcome } from "../action-outcome.ts";
import { command, integer } from "../command.ts";
import { accessConsole, consoleArgs } from "../console-access.ts";
import { Failure } from "../failure.ts";
import { printJson } from "../io.ts";
import { previewText } from "../journey-text.ts";
import { jsonArgument } from "../json-argument.ts";

const DESCRIPTIONS: Record<ActionName, string> = {
  rollback: "Undo what a journey did, also a completed one",
  cancel: "Roll a journey back and say that it was cancelled",
  terminate: "Stop a journey and undo nothing",
  pause: "Stop a journey's dispatch, undo and clocks",
  resume: "Let a paused or held journey go on",
  retry: "Call a failed step, or a failed undo, again",
  skip: "Settle a step as succeeded by hand, or an undo as done",
  complete: "Settle a held step with what really came out",
  replay: "Start a new journey with the same or another input",
  rerun: "Roll back to before a step, then go on from it",
  migrate: "Move a journey to another version of its flow",
};

/** One command an action. Which fields an action takes is for the manager to say: it refuses what doesn't fit. */
export function actionCommand(action: ActionName) {
  return command({
    name: action,
    description: DESCRIPTIONS[action],
    args: {
      uuid: { type: "positional", required: true, description: "The journey" },
      reason: { type: "string", description: "Why, for its history", valueHint: "TEXT" },
      "dry-run": { type: "boolean", description: "Say what it would send, and send nothing" },
      step: { type: "string", description: "The step it is about", valueHint: "STEP" },
      scope: { type: "enum", options: ["journey", "path", "branch", "to"], description: "What a rollback covers" },
      to: { type: "string", description: "With scope to: the step to roll back to", valueHint: "STEP" },
      include: { type: "enum", options: ["attempted"], description: "Undo the failed step too" },
      force: { type: "boolean", description: "Also behind a pivot" },
      data: { type: "string", description: "New data for retry, replay and rerun", valueHint: "JSON|@FILE" },
      output: { type: "string", description: "The step's output, for skip and complete", valueHint: "JSON|@FILE" },
      version: { type: "string", description: "The flow's version, for replay and migrate", valueHint: "V" },
      function: { type: "string", description: "The negation meant, for retry and skip", valueHint: "FUNCTION" },
      plan: { type: "string", description: "Do exactly what the dry run with this plan said", valueHint: "PLAN" },
      seq: { type: "string", description: "The seq of that dry run", valueHint: "SEQ" },
      id: { type: "string", description: "The action's id; the same one again changes nothing", valueHint: "ID" },
      ...consoleArgs,
    },
    async run({ args, io }) {
      const { uuid, reason, step, scope, to, include, force, version, plan } = args;
      const isDryRun = args["dry-run"] === true;
      const id = args.id ?? randomUUID();
      const body = {
        action,
        reason: reason ?? "",
        id,
        ...(isDryRun ? { dry_run: true } : {}),
        ...{ step, scope, to, include, force, version, plan, function: args.function },
        seq: integer(args.seq, "--seq", 0, Number.MAX_SAFE_INTEGER),
        data: jsonArgument(args.data, "--data"),
        output: jsonArgument(args.output, "--output"),
      };
      const { client } = accessConsole(args, io);
      const path = `/journeys/${encodeURIComponent(uuid)}/actions`;
      const { body: answer } = await client.call(path, { method: "POST", body });
      if (isDryRun) return args.json ? printJson(io, answer) : io.out(previewText(answer as Preview));

      const accepted = answer as { uuid: string; id: string; queued?: boolean; replay_uuid?: string };
      if (accepted.queued) {
        if (args.json) return printJson(io, { ...accepted, outcome: "queued" });
        return io.out(`${action} ${QUEUED}`);
      }
      const outcome = await actionOutcome(client, accepted.uuid, accepted.id);
      if (outcome.is === "refused") {
        const why = outcome.event.error?.message || "it doesn't fit the journey's state";
        const code = outcome.event.error?.code ?? "";
        throw new Failure(isErrorCode(code) ? code : "action_not_allowed", `${action} was refused: ${why}`);
      }
      if (args.json) return printJson(io, { ...accepted, outcome: outcome.is });
      const replay = accepted.replay_uuid ? ` The new journey is ${accepted.replay_uuid}.` : "";
      if (outcome.is === "done") io.out(`${action} is under way (${outcome.event.type}).${replay}`);
      else io.out(`${action} is accepted, but no manager has taken it up yet.${replay}`);
    },
  });
}

const QUEUED = "is accepted, but the bus can't be reached: the console keeps it and sends it later.";

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
