import { type EdgeProps, getBezierPath } from "@xyflow/react";
import { CONDITION_HEIGHT, conditionWidth, shortCondition } from "../parts/condition.ts";
import { useEdgeLook } from "./look-store.ts";

interface Ends {
  from: string | undefined;
  to: string;
}

function endsOf(data: EdgeProps["data"]): Ends {
  return { from: data?.from as string | undefined, to: data?.to as string };
}

/** The way forward; stronger where it was taken. */
export function ForwardEdge(props: EdgeProps) {
  const { from, to } = endsOf(props.data);
  const { taken } = useEdgeLook(from, to);
  const [path, x, y] = getBezierPath(props);
  const condition = props.data?.condition as string | undefined;
  return (
    <g className="ag-edge-forward" data-taken={taken || undefined}>
      <path d={path} fill="none" />
      <Arrow x={props.targetX} y={props.targetY} direction={1} />
      {condition !== undefined && <Condition x={x} y={y} condition={condition} />}
    </g>
  );
}

/** The way back over the anti-graph, as far as the rollback has walked it. */
export function UndoEdge(props: EdgeProps) {
  const { from, to } = endsOf(props.data);
  const { walk } = useEdgeLook(from, to);
  if (walk === "none") return null;
  const [path] = getBezierPath(props);
  return (
    <g className="ag-edge-undo" data-walk={walk}>
      <path d={path} fill="none" />
      <Arrow x={props.targetX} y={props.targetY} direction={-1} />
    </g>
  );
}

/** What has to hold for the edge to be taken. */
function Condition({ x, y, condition }: { x: number; y: number; condition: string }) {
  const width = conditionWidth(condition);
  return (
    <g className="ag-edge-condition" transform={`translate(${x} ${y})`}>
      <title>{condition}</title>
      <rect x={-width / 2} y={-CONDITION_HEIGHT / 2} width={width} height={CONDITION_HEIGHT} rx={5} />
      <text textAnchor="middle" dominantBaseline="central">
        {shortCondition(condition)}
      </text>
    </g>
  );
}

function Arrow({ x, y, direction }: { x: number; y: number; direction: 1 | -1 }) {
  const back = x - 7 * direction;
  return <path className="ag-edge-arrow" d={`M${x} ${y}L${back} ${y - 4}L${back} ${y + 4}Z`} />;
}
