import { count } from "../parts/format.ts";
import classes from "./charts.module.css";

interface Bucket {
  calls: number;
  failed: number;
}

const WIDTH = 120;
const HEIGHT = 26;

/** Calls over time as thin bars, their failed part in red. */
export function Sparkline({ buckets }: { buckets: readonly Bucket[] }) {
  const most = Math.max(1, ...buckets.map(({ calls }) => calls));
  const step = WIDTH / Math.max(1, buckets.length);
  const calls = buckets.reduce((sum, bucket) => sum + bucket.calls, 0);
  const failed = buckets.reduce((sum, bucket) => sum + bucket.failed, 0);
  return (
    <svg
      className={classes.spark}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={`${count(calls)} calls, ${count(failed)} failed, over time`}
    >
      <line x1={0} x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className={classes.base} />
      {buckets.map((bucket, index) => {
        const height = (bucket.calls / most) * (HEIGHT - 2);
        const bad = (bucket.failed / most) * (HEIGHT - 2);
        const x = index * step;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bucket is known by its place
          <g key={index}>
            <rect x={x} y={HEIGHT - 1 - height} width={step * 0.75} height={height} className={classes.calls} />
            {bad > 0 && (
              <rect
                x={x}
                y={HEIGHT - 1 - bad}
                width={step * 0.75}
                height={Math.max(1.5, bad)}
                className={classes.failed}
              />
            )}
          </g>
        );
      })}
    </svg>
  );
}
