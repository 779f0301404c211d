import { ActionIcon, Button } from "@mantine/core";
import { Link } from "react-router";
import type { TopicRecord } from "../../engine/api/schemas/record.ts";
import { CopyButton } from "../parts/copy.tsx";
import { bytes } from "../parts/format.ts";
import { IconRefresh, IconX } from "../parts/icons.ts";
import { JsonView, parseJson } from "../parts/json-view.tsx";
import { Time } from "../parts/time.tsx";
import classes from "./cluster.module.css";
import { readDeadLetter } from "./dead-letter.ts";

interface RecordDetailsProps {
  /** It stands where dead letters do. */
  deadLetter: boolean;
  record: TopicRecord;
  onClose: () => void;
  /** Opens the form that sends a dead letter again, where that is allowed. */
  onResend: (() => void) | undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** One record, all of it: key, headers, value. */
export function RecordDetails({ deadLetter, record, onClose, onResend }: RecordDetailsProps) {
  const { key, value, headers, partition, offset, timestamp } = record;
  const parsed = value === null || record.encoding?.value !== undefined ? undefined : parseJson(value);
  const dead = deadLetter ? readDeadLetter(record) : undefined;
  return (
    <aside className={classes.details} aria-label={`Record at partition ${partition}, offset ${offset}`}>
      <div className={classes.detailsHead}>
        <h2 className={classes.detailsTitle}>
          {partition} @ {offset}
        </h2>
        <Time at={timestamp} copy />
        <span className="ag-dim">{value === null ? "tombstone" : bytes(new Blob([value]).size)}</span>
        <div className={classes.grow} />
        <ActionIcon onClick={onClose} aria-label="Close the record">
          <IconX size={17} />
        </ActionIcon>
      </div>
      {dead !== undefined && (
        <div className={classes.why}>
          <b>{dead.reason}</b> {dead.message}
          {dead.topic !== undefined && dead.partition !== undefined && dead.offset !== undefined && (
            <div>
              Came from{" "}
              <Link
                to={`/cluster/topics/${encodeURIComponent(dead.topic)}?partition=${dead.partition}&offset=${dead.offset}`}
              >
                {dead.topic} {dead.partition} @ {dead.offset}
              </Link>
            </div>
          )}
        </div>
      )}
      <dl className={classes.keyValues}>
        <dt>Key</dt>
        <dd>
          {key === null ? (
            <span className="ag-dim">none</span>
          ) : (
            <>
              <span className="ag-mono">{key}</span> <CopyButton text={key} what="key" />
              {UUID.test(key) && <Link to={`/journeys/${key.toLowerCase()}`}>the journey</Link>}
            </>
          )}
        </dd>
        {Object.entries(headers).map(([name, text]) => (
          <Header key={name} name={name} text={text} />
        ))}
      </dl>
      {value === null ? (
        <p className="ag-dim">No value: on a compacted topic this deletes the key.</p>
      ) : parsed?.ok ? (
        <JsonView
          value={parsed.value}
          label={`Value of the record at partition ${partition}, offset ${offset}`}
          maxHeight={520}
        />
      ) : (
        <>
          <p className="ag-dim">
            {record.encoding?.value === "base64"
              ? "No text; its bytes in base64:"
              : "Not JSON; the text as it stands in the topic:"}
          </p>
          <pre className={classes.raw}>{value}</pre>
        </>
      )}
      <div className={classes.detailsFoot}>
        {value !== null && <CopyButton text={value} what="value" />}
        <div className={classes.grow} />
        {dead?.topic !== undefined && onResend !== undefined && (
          <Button leftSection={<IconRefresh size={15} />} onClick={onResend}>
            Send again…
          </Button>
        )}
      </div>
    </aside>
  );
}

function Header({ name, text }: { name: string; text: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="ag-mono">{text}</dd>
    </>
  );
}
