/** Makes garbage of which some lives a while, as a manager does; prints how large the young generation has become. */
import { getHeapSpaceStatistics } from "node:v8";
import { boundHeap } from "../../engine/manager/heap.ts";

const TURNS = 300;
const OBJECTS_A_TURN = 20_000;
const KEPT_OBJECTS = 300_000;

if (process.argv[2] === "bound") boundHeap();
let kept: { number: number; text: string }[] = [];
let largest = 0;
for (let turn = 0; turn < TURNS; turn++) {
  for (let number = 0; number < OBJECTS_A_TURN; number++) kept.push({ number, text: String(number) });
  if (kept.length > KEPT_OBJECTS) kept = kept.slice(KEPT_OBJECTS / 2);
  await new Promise((resolve) => setImmediate(resolve));
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  largest = Math.max(largest, young?.space_size ?? 0);
}
console.log(largest);
