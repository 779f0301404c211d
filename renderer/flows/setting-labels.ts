/** What the panels call the settings; what they mean stands in engine/core/setting-docs.ts. */
export const SETTING_LABELS: Readonly<Record<string, string>> = {
  for: "Wait for",
  until: "Wait until",
  items: "List",
  flow: "Flow to run",
  version: "Its version",
  concurrency: "At the same time",
  when: "Only when",
  input: "Data",
  timeout: "Timeout",
  inprogressTimeout: "Silence in progress",
  totalTimeout: "All attempts",
  queueTimeout: "In the queue",
  onTimeout: "After a timeout",
  onServiceDown: "While the service is down",
  pivot: "Point of no return (pivot)",
  irreversible: "Can't be undone (irreversible)",
  negationTimeout: "Timeout",
  maximumAttempts: "Attempts",
  initialInterval: "First wait",
  backoffCoefficient: "Backoff factor",
  maximumInterval: "Longest wait",
  jitter: "Jitter",
  scope: "A failure undoes",
  include: "Also the failed step",
  deadline: "Deadline",
};

/** What an empty field means where no default can be written down. */
export const WHEN_EMPTY: Readonly<Record<string, string>> = {
  inprogressTimeout: "as the timeout",
  totalTimeout: "no bound",
  deadline: "no bound",
  include: "no",
  version: "the newest",
  when: "always",
  input: "what came before",
};

/** In the order of a panel. Settings of no section don't apply to the step, or have a field of their own. */
export const SECTIONS: readonly { title: string; settings: readonly string[] }[] = [
  { title: "What it does", settings: ["for", "until", "items", "flow", "version", "concurrency"] },
  { title: "Undo", settings: ["irreversible"] },
  { title: "Attempts", settings: ["retry"] },
  { title: "Time", settings: ["timeout", "inprogressTimeout", "totalTimeout", "queueTimeout", "onTimeout"] },
  { title: "Service", settings: ["onServiceDown"] },
  { title: "Data and conditions", settings: ["input", "when"] },
  { title: "Point of no return", settings: ["pivot"] },
  { title: "Attempts to undo", settings: ["negationTimeout", "negationRetry"] },
];
