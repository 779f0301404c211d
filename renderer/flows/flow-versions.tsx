import { Button, Checkbox } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { FlowVersion } from "../../engine/api/schemas/flow.ts";
import { count, duration, percent, plural } from "../parts/format.ts";
import { IconAlertTriangle } from "../parts/icons.ts";
import { Badge } from "../parts/status-badge.tsx";
import { Time } from "../parts/time.tsx";
import classes from "./flow-list.module.css";
import { sumUp } from "./flow-stats.ts";

interface VersionsProps {
  path: string;
  versions: FlowVersion[];
  shown: string;
  onShow: (version: string) => void;
}

/** The versions of a flow, newest first: one is shown, two can be compared. */
export function FlowVersions({ path, versions, shown, onShow }: VersionsProps) {
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<string[]>([]);
  // The two chosen last, the older one on the left.
  const choose = (version: string, on: boolean) =>
    setChosen((old) => (on ? [...old, version].slice(-2) : old.filter((other) => other !== version)));
  const pair = versions.map(({ version }) => version).filter((version) => chosen.includes(version));
  const compare = () => {
    const [b = "", a = ""] = pair;
    void navigate(`${path}/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`);
  };
  return (
    <div className={classes.card}>
      <table className={classes.table}>
        <caption className="ag-visually-hidden">Versions, newest first</caption>
        <thead>
          <tr>
            <td>
              {versions.length > 1 && (
                <Button onClick={compare} disabled={pair.length < 2} title="Choose two versions to compare">
                  Compare
                </Button>
              )}
            </td>
            <th scope="col">Version</th>
            <th scope="col">Published</th>
            <th scope="col" className="ag-num">
              Steps
            </th>
            <th scope="col" className="ag-num">
              Running
            </th>
            <th scope="col" className="ag-num">
              Ended
            </th>
            <th scope="col" className="ag-num">
              Success
            </th>
            <th scope="col" className="ag-num">
              Rolled back
            </th>
            <th scope="col" className="ag-num">
              p50
            </th>
            <th scope="col" className="ag-num">
              p95
            </th>
            <th scope="col">Slowest step</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((version) => (
            <VersionRow
              key={version.version}
              version={version}
              shown={version.version === shown}
              chosen={chosen.includes(version.version)}
              onChoose={versions.length > 1 ? (on) => choose(version.version, on) : undefined}
              onShow={() => onShow(version.version)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface VersionRowProps {
  version: FlowVersion;
  shown: boolean;
  chosen: boolean;
  onChoose?: (on: boolean) => void;
  onShow: () => void;
}

function VersionRow({ version, shown, chosen, onChoose, onShow }: VersionRowProps) {
  const sums = sumUp([version]);
  return (
    <tr className={classes.row} aria-current={shown || undefined} data-shown={shown || undefined} onClick={onShow}>
      <td>
        {onChoose !== undefined && (
          <Checkbox
            checked={chosen}
            aria-label={`Compare version ${version.version}`}
            onClick={(event) => event.stopPropagation()}
            onChange={(event) => onChoose(event.currentTarget.checked)}
          />
        )}
      </td>
      <th scope="row">
        <button type="button" className={classes.versionButton} onClick={onShow} aria-pressed={shown}>
          v{version.version}
        </button>
        {version.conflicts > 0 && (
          <Badge tone="warn" title="Later records of this version with other content are ignored">
            <IconAlertTriangle size={14} aria-hidden /> {plural(version.conflicts, "conflict")}
          </Badge>
        )}
      </th>
      <td>
        <Time at={version.published_at} />
      </td>
      <td className="ag-num">{count(version.steps)}</td>
      <td className="ag-num">{count(version.running)}</td>
      <td className="ag-num">{count(sums.ended)}</td>
      <td className="ag-num">{sums.success === undefined ? "–" : percent(sums.success)}</td>
      <td className="ag-num">{sums.rollback === undefined ? "–" : percent(sums.rollback)}</td>
      <td className="ag-num">{version.p50_ms === undefined ? "–" : duration(version.p50_ms)}</td>
      <td className="ag-num">{version.p95_ms === undefined ? "–" : duration(version.p95_ms)}</td>
      <td>
        {version.slowest_step === undefined
          ? "–"
          : `${version.slowest_step.step} (p95 ${duration(version.slowest_step.p95_ms)})`}
      </td>
    </tr>
  );
}
