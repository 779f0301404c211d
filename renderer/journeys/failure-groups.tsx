import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "react-router";
import type { FailureList } from "../../engine/api/schemas/history.ts";
import type { FailureGroup } from "../../engine/audit/store.ts";
import { count, shortId } from "../parts/format.ts";
import { IconCheck } from "../parts/icons.ts";
import { EmptyState, ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { Ago } from "../parts/time.tsx";
import classes from "./failure-groups.module.css";
import { literalPiece, type PageFilter } from "./filters.ts";

interface FailureGroupsProps {
  result: UseQueryResult<FailureList>;
  onShow: (change: Partial<PageFilter>) => void;
}

/** Failures of the same cause in the same place, counted: one line instead of a thousand rows. */
export function FailureGroups({ result, onShow }: FailureGroupsProps) {
  const { data, error, isPending, refetch } = result;
  if (isPending) return <SkeletonRows rows={6} height={36} />;
  if (data === undefined) {
    return <ErrorState what="The groups of failures can't be read." error={error} onRetry={() => void refetch()} />;
  }
  if (data.failures.length === 0) {
    return (
      <EmptyState title="Nothing failed" icon={IconCheck}>
        Journeys that failed, were rolled back or are stuck would stand here, grouped by what went wrong.
      </EmptyState>
    );
  }
  const most = Math.max(...data.failures.map((group) => group.count));
  return (
    <div className={classes.box}>
      {error !== null && <ErrorStrip what="Not up to date." error={error} onRetry={() => void refetch()} />}
      <table className={classes.table}>
        <caption className="ag-visually-hidden">Failures by cause, the most frequent first</caption>
        <thead>
          <tr>
            <th className="ag-num">Journeys</th>
            <th>What failed</th>
            <th>Flow</th>
            <th>Newest</th>
            <th>Last</th>
            <th>First</th>
          </tr>
        </thead>
        <tbody>
          {data.failures.map((group) => (
            <tr key={group.fingerprint}>
              <td className={`ag-num ${classes.count}`}>
                {count(group.count)}
                <span className={classes.bar} style={{ width: `${(group.count / most) * 100}%` }} aria-hidden />
              </td>
              <td className={classes.what}>
                <button type="button" className={classes.show} onClick={() => onShow(toFilter(group))}>
                  {group.message || group.code || "no message"}
                </button>
                <div className="ag-dim">
                  {group.service}.{group.function}
                  {group.code !== undefined && <span className="ag-mono"> · {group.code}</span>}
                </div>
              </td>
              <td>{group.name}</td>
              <td className={classes.samples}>
                {group.journeys.slice(0, 2).map((uuid) => (
                  <Link key={uuid} to={`/journeys/${uuid}`} className="ag-mono" title={uuid}>
                    {shortId(uuid)}
                  </Link>
                ))}
              </td>
              <td>
                <Ago at={group.last_at} />
              </td>
              <td>
                <Ago at={group.first_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The filter that shows the group's journeys as rows. */
function toFilter(group: FailureGroup): Partial<PageFilter> {
  const error = group.code ?? literalPiece(group.message);
  return { view: "rows", flow: group.name, error: error === "" ? undefined : error };
}
