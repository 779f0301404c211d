import type { TopicRecord } from "../../engine/api/schemas/record.ts";
import { shortId, zone } from "../parts/format.ts";
import table from "../parts/table.module.css";
import { Time } from "../parts/time.tsx";
import classes from "./cluster.module.css";
import { readDeadLetter } from "./dead-letter.ts";
import { recordGist } from "./record-gist.ts";

interface RecordsTableProps {
  records: readonly TopicRecord[];
  /** Shows why they are dead and where they came from instead of their values. */
  deadLetters: boolean;
  /** `partition:offset` of the open one. */
  chosen: string | undefined;
  onChoose: (record: TopicRecord) => void;
}

/** Values are cut here; the details show all of it. */
const SHOWN_VALUE_CHARS = 160;

export function RecordsTable({ records, deadLetters, chosen, onChoose }: RecordsTableProps) {
  return (
    <div className={`${table.box} ${classes.records}`}>
      <table className={table.table}>
        <caption className="ag-visually-hidden">Records, newest first</caption>
        <thead>
          <tr>
            <th>When ({zone()})</th>
            <th className={table.num}>Partition</th>
            <th className={table.num}>Offset</th>
            <th>{deadLetters ? "From" : "Key"}</th>
            <th>{deadLetters ? "Why" : "Value"}</th>
          </tr>
        </thead>
        <tbody>
          {records.map((record) => {
            const id = `${record.partition}:${record.offset}`;
            return (
              <tr key={id} className={`${table.linked} ${id === chosen ? classes.chosen : ""}`}>
                <td>
                  <Time at={record.timestamp} />
                </td>
                <td className={table.num}>{record.partition}</td>
                <td className={table.num}>
                  <button
                    type="button"
                    className={`${classes.open} ${table.link}`}
                    aria-label={`Open the record at partition ${record.partition}, offset ${record.offset}`}
                    aria-pressed={id === chosen}
                    onClick={() => onChoose(record)}
                  >
                    {record.offset}
                  </button>
                </td>
                {deadLetters ? (
                  <td className="ag-mono">{origin(record)}</td>
                ) : (
                  <td className="ag-mono" title={record.key ?? undefined}>
                    {record.key === null ? <span className="ag-dim">none</span> : shortId(record.key)}
                  </td>
                )}
                <td className={`${table.wide} ${deadLetters ? "" : "ag-mono"}`}>
                  {deadLetters ? <Why record={record} /> : <Value text={record.value} />}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Value({ text }: { text: string | null }) {
  if (text === null) return <span className="ag-dim">tombstone</span>;
  const gist = recordGist(text);
  const shown = text.length > SHOWN_VALUE_CHARS ? `${text.slice(0, SHOWN_VALUE_CHARS)}…` : text;
  if (gist === undefined) return shown;
  return (
    <>
      {gist} <span className="ag-dim">{shown}</span>
    </>
  );
}

function Why({ record }: { record: TopicRecord }) {
  const { reason, message } = readDeadLetter(record);
  return (
    <span title={`${reason}: ${message}`}>
      <b>{reason}</b> <span className="ag-dim">{message}</span>
    </span>
  );
}

function origin(record: TopicRecord): string {
  const { topic, partition, offset } = readDeadLetter(record);
  return topic === undefined ? "unknown" : `${topic} ${partition ?? "?"}@${offset ?? "?"}`;
}
