/** Every breakage that the tests must notice. */
import { actions } from "./actions.ts";
import { around } from "./around.ts";
import { clocks } from "./clocks.ts";
import { embeddedBus } from "./embedded-bus.ts";
import { forward } from "./forward.ts";
import { kafkaState } from "./kafka-state.ts";
import { manager } from "./manager.ts";
import type { Mutant } from "./mutant.ts";
import { replies } from "./replies.ts";
import { undoing } from "./undoing.ts";

export const MUTANTS: readonly Mutant[] = [
  ...undoing,
  ...forward,
  ...replies,
  ...clocks,
  ...actions,
  ...manager,
  ...embeddedBus,
  ...kafkaState,
  ...around,
];
