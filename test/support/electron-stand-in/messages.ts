// What a test and the stand-in in its child process say to each other, on the channel that the launcher uses too.

/** From the stand-in: what real Electron would have shown to a person. */
export type StandInReport =
  | { standIn: "devtools"; endpoint: string }
  | { standIn: "window"; options: Record<string, unknown> }
  | { standIn: "title"; title: string }
  | { standIn: "focus" }
  | { standIn: "denied window"; url: string }
  | { standIn: "error box"; title: string; content: string }
  | { standIn: "menu"; labels: string[] };

/** To the stand-in: what a person or the system would have done. */
export type StandInCommand =
  | { standIn: "open-url"; url: string }
  | { standIn: "menu click"; label: string }
  | { standIn: "close window" };

export function report(message: StandInReport): void {
  if (process.connected) process.send?.(message, () => {});
}

export function isStandInReport(message: unknown): message is StandInReport {
  return typeof message === "object" && message !== null && "standIn" in message;
}

export function isStandInCommand(message: unknown): message is StandInCommand {
  return typeof message === "object" && message !== null && "standIn" in message;
}
