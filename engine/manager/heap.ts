/**
 * How much room V8 may take beyond what is in use. Nearly all that a manager allocates is garbage soon, and V8, left
 * alone, trades memory for less collecting: with 100,000 journeys in flight, whose records lie outside of its heap, it
 * took 510 MB where these bounds make it about 430, for no CPU time that could be measured. As long as little is in
 * flight there is nothing to save, and the old generation grows as V8 likes: collecting it again and again cost a fifth of
 * all CPU time.
 */
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** How much the old generation may grow beyond what was in use at the last full collection, once it is large. */
const HEAP_GROWING_PERCENT = 150;
const LARGE_BYTES = 60_000_000;
/** The young generation grows by doubling, up to this or, after it was shrunk, at most twice this. */
const YOUNG_GENERATION_BYTES = 67_108_864;

let observer: PerformanceObserver | undefined;

/** For this process, from now on; called again it changes nothing. */
export function boundHeap(): void {
  if (observer !== undefined) return;
  // What V8 asks at each collection and at each growth is settled then; the maxima were before any code of ours ran.
  const setGrowth = flag("heap-growing-percent", 0);
  const setYoungGrowth = flag("semi-space-growth-factor", 2);
  observer = new PerformanceObserver(() => {
    let old = 0;
    let young = 0;
    for (const { space_name: name, space_size: size, space_used_size: used } of getHeapSpaceStatistics()) {
      if (name === "new_space") young = size;
      else if (!name.startsWith("new_")) old += used;
    }
    setGrowth(old > LARGE_BYTES ? HEAP_GROWING_PERCENT : 0);
    setYoungGrowth(young < YOUNG_GENERATION_BYTES ? 2 : 1);
  });
  observer.observe({ entryTypes: ["gc"] });
}

/** Sets a flag of V8 when its value changes. */
function flag(name: string, initial: number): (value: number) => void {
  let current = initial;
  return (value) => {
    if (value === current) return;
    current = value;
    setFlagsFromString(`--${name}=${value}`);
  };
}
