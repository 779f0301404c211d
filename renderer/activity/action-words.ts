/** What operators did, in the words of the buttons that do it. Codes of later versions are shown as they are. */

/** By the code of the action, in the order in which the filter lists them. */
export const ACTION_WORDS: Readonly<Record<string, string>> = {
  rollback: "Roll back",
  cancel: "Cancel",
  terminate: "Terminate",
  pause: "Pause",
  resume: "Resume",
  retry: "Retry",
  skip: "Mark as done",
  complete: "Complete by hand",
  replay: "Replay",
  rerun: "Run again",
  migrate: "Move to another version",
  "profile.changed": "Change the profile",
  "profile.removed": "Remove the profile",
  "profile.chosen": "Open the profile",
  "profile.unlocked": "Unlock production",
  "profile.locked": "Lock production",
  "record.resent": "Send dead letters again",
  "schema.registered": "Register a schema",
};

export function actionWord(action: string): string {
  return Object.hasOwn(ACTION_WORDS, action) ? (ACTION_WORDS[action] ?? action) : action;
}

/** Why an action was refused, from the code of its outcome: `action not allowed`. */
export function refusalWord(outcome: string): string | undefined {
  return outcome === "refused" ? undefined : outcome.replaceAll("_", " ");
}
