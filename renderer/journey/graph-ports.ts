/** Where edges meet the boxes: forward above, undo below, so that the way back never hides the way forward. */
export interface Port {
  id: "in" | "out" | "undo-in" | "undo-out";
  type: "source" | "target";
  side: "left" | "right";
  /** From the upper edge, as a share of the height. */
  share: number;
}

export const STEP_PORTS: readonly Port[] = [
  { id: "in", type: "target", side: "left", share: 0.38 },
  { id: "out", type: "source", side: "right", share: 0.38 },
  { id: "undo-in", type: "target", side: "right", share: 0.7 },
  { id: "undo-out", type: "source", side: "left", share: 0.7 },
];

export const START_PORTS: readonly Port[] = [{ id: "out", type: "source", side: "right", share: 0.5 }];
