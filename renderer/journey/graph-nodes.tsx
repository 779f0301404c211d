import { Handle, type NodeProps, Position } from "@xyflow/react";
import { createContext, useContext } from "react";
import { useNow } from "../parts/clock.ts";
import { duration } from "../parts/format.ts";
import { IconPlayerPlay } from "../parts/icons.ts";
import { STEP_LOOKS } from "../parts/status.ts";
import { type Port, START_PORTS, STEP_PORTS } from "./graph-ports.ts";
import { useStepLook } from "./look-store.ts";
import type { StepLook } from "./step-look.ts";

const SelectedContext = createContext<string | undefined>(undefined);
export const SelectedStep = SelectedContext.Provider;

export function StartBox() {
  const selected = useContext(SelectedContext) === undefined;
  return (
    <div
      className="ag-start-box"
      data-selected={selected || undefined}
      title="The journey: input, output, who did what"
    >
      <Ports ports={START_PORTS} />
      <IconPlayerPlay size={14} aria-hidden />
      start
    </div>
  );
}

/** One step: what it calls, how it stands, and what becomes of it. */
export function StepBox({ data }: NodeProps) {
  const id = data.step as string;
  const look = useStepLook(id);
  const selected = useContext(SelectedContext) === id;
  const { tone, word, icon: Icon } = STEP_LOOKS[look.status];
  return (
    <div
      className="ag-step-box"
      data-step={id}
      data-status={look.status}
      data-tone={tone}
      data-selected={selected || undefined}
      title={[
        look.title,
        id === look.title || id === look.function ? undefined : id,
        look.note,
        ...look.negations.map(inWords),
      ]
        .filter(Boolean)
        .join("\n")}
    >
      <Ports ports={STEP_PORTS} />
      <span className="ag-step-title">{look.title}</span>
      <span className="ag-step-status">
        <Icon size={14} stroke={2.2} aria-hidden />
        <span>{word}</span>
        <Facts look={look} />
      </span>
      <span className="ag-step-note">
        {look.negations.length > 0 ? <Negations look={look} /> : <span className="ag-truncate">{look.note}</span>}
      </span>
    </div>
  );
}

/** Nothing to see: React Flow measures where edges meet a box. */
function Ports({ ports }: { ports: readonly Port[] }) {
  return ports.map(({ id, type, side, share }) => (
    <Handle
      key={id}
      id={id}
      type={type}
      position={side === "left" ? Position.Left : Position.Right}
      isConnectable={false}
      style={{ top: `${share * 100}%` }}
    />
  ));
}

/** How long it took or has been taking, and how often it was tried. */
function Facts({ look }: { look: StepLook }) {
  const { status, startedAt, endedAt } = look;
  const isLive = status === "dispatched" || status === "inprogress";
  const now = useNow(isLive);
  const end = endedAt ?? (isLive ? now : undefined);
  const took =
    startedAt === undefined || end === undefined || status.startsWith("und") ? undefined : duration(end - startedAt);
  const facts = [took, look.attempts > 1 ? `${look.attempts} tries` : undefined].filter((fact) => fact !== undefined);
  return facts.length === 0 ? null : <span>· {facts.join(" · ")}</span>;
}

/** The failed ones by name; where all is well one name stands for them. */
function Negations({ look }: { look: StepLook }) {
  const { negations } = look;
  const failed = negations.filter(({ status }) => status === "failed" || status === "timed_out");
  const named = failed.length > 0 ? failed : negations.slice(0, 1);
  const others = negations.length - named.length;
  return (
    <>
      {named.map(({ name, status, attempts }) => {
        const Icon = STEP_LOOKS[status].icon;
        return (
          <span key={name} className="ag-step-negation" data-tone={negationTone(status)}>
            <Icon size={12} stroke={2.4} aria-hidden />
            <span className="ag-truncate">{name}</span>
            {attempts > 1 && <span>×{attempts}</span>}
          </span>
        );
      })}
      {others > 0 && <span className="ag-step-others">+{others}</span>}
    </>
  );
}

function inWords({ name, status }: StepLook["negations"][number]): string {
  return `${name}: ${STEP_LOOKS[status].word}`;
}

function negationTone(status: StepLook["status"]): string {
  if (status === "failed" || status === "timed_out") return "bad";
  return status === "waiting" ? "warn" : "undo";
}
