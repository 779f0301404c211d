/** Seeds that once failed, and what they found. A seed means its run as long as the simulation draws as it did then. */
export const REGRESSIONS: readonly { seed: number; found: string; restartAlways?: true }[] = [
  { seed: 127, found: "a journey of a version that its new manager had not read yet lost its replies" },
  { seed: 53, found: "a step between two attempts was tried again after its branch had been rolled back" },
  { seed: 2150, found: "an each that was completed by hand forgot the journeys that still ran" },
  { seed: 5, found: "timers of several journeys fired in another order after a restart", restartAlways: true },
];
