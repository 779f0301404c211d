/** What the commands and replies of a service's functions are checked by, and registering it. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import type { SchemaList, SchemaSubject } from "../../engine/api/schemas/schema.ts";
import { api } from "../api.ts";
import { Card } from "../parts/card.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import { useProfile } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { SchemaSheet } from "./schema-sheet.tsx";
import classes from "./services.module.css";

const REFRESH_MS = 15_000;

export function FunctionSchemas({ service }: { service: string }) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: keys.schemas,
    queryFn: ({ signal }) => api.schemas(signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Card title="Schemas" note="of the data of its commands and replies">
      {isPending ? (
        <SkeletonRows rows={3} />
      ) : data === undefined ? (
        <ErrorState what="The schemas can't be read." error={error} onRetry={() => void refetch()} />
      ) : data.registry === null ? (
        <NoRegistry />
      ) : (
        <Known service={service} registry={data.registry} subjects={data.subjects} />
      )}
    </Card>
  );
}

/** How to come by one. */
function NoRegistry() {
  const profile = useProfile();
  if (profile?.kind !== "kafka") {
    return <p className={classes.explain}>The embedded profile has no schema registry: nothing is checked.</p>;
  }
  return (
    <p className={classes.explain}>
      This profile has no schema registry: nothing is checked. Add its address to the profile{" "}
      <Link to={`/profiles/named/${encodeURIComponent(profile.name)}`}>{profile.name}</Link>.
    </p>
  );
}

interface KnownProps {
  service: string;
  registry: NonNullable<SchemaList["registry"]>;
  subjects: readonly SchemaSubject[];
}

function Known({ service, registry, subjects }: KnownProps) {
  const writable = useProfile()?.read_only === false;
  const own = subjects.filter((subject) => subject.service === service);
  const [shown, setShown] = useState<string>();
  const [edited, setEdited] = useState<SchemaSubject>();
  const open = own.find(({ subject, schema }) => subject === shown && schema !== undefined);
  return (
    <>
      {!registry.reachable && (
        <ErrorStrip
          what={`The registry ${registry.url} can't be reached. ${
            registry.known
              ? "What was known stays in force."
              : "Nothing is known of its schemas: managers wait for it."
          }`}
          error={registry.error === undefined ? undefined : new Error(registry.error)}
        />
      )}
      {!registry.validate && (
        <p className={classes.explain}>
          The profile says not to check: schemas are shown, and nothing is held to them.
        </p>
      )}
      {own.length === 0 ? (
        <p className={classes.explain}>
          No function of {service} is known yet, from flows or from the service itself.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways in a narrow window, also by keyboard
        <section className={table.box} aria-label={`Schemas of ${service}`} tabIndex={0}>
          <table className={table.table}>
            <caption className="ag-visually-hidden">Schemas of {service}</caption>
            <thead>
              <tr>
                <th>Function</th>
                <th>Of its</th>
                <th>Registered</th>
                <th>
                  <span className="ag-visually-hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {own.map((subject) => (
                <tr key={subject.subject}>
                  <td title={subject.subject}>
                    <b>{subject.function}</b>
                  </td>
                  <td>{subject.direction === "reply" ? "reply" : "command"}</td>
                  <td className={table.wrap}>
                    <Registered subject={subject} />
                  </td>
                  <td className={classes.doing}>
                    {subject.schema !== undefined && (
                      <Button
                        size="compact-sm"
                        aria-expanded={shown === subject.subject}
                        aria-label={`Show the schema of ${nameOf(subject)}`}
                        onClick={() => setShown(shown === subject.subject ? undefined : subject.subject)}
                      >
                        {shown === subject.subject ? "Hide" : "Show"}
                      </Button>
                    )}
                    {writable && (
                      <Button
                        size="compact-sm"
                        aria-label={`${verb(subject)} for ${nameOf(subject)}`}
                        onClick={() => setEdited(subject)}
                      >
                        {verb(subject)}…
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {open !== undefined && <JsonView value={open.schema} label={`Schema of ${nameOf(open)}`} />}
      {edited !== undefined && (
        <SchemaSheet subject={edited} name={nameOf(edited)} onClose={() => setEdited(undefined)} />
      )}
    </>
  );
}

function Registered({ subject }: { subject: SchemaSubject }) {
  const { version, id, in_force: inForce, error } = subject;
  if (version === undefined) return <span className="ag-dim">nothing: any data flows</span>;
  return (
    <>
      version {version} <span className="ag-dim">id {id}</span>{" "}
      {inForce !== undefined && (
        <Badge tone="bad">{inForce === 0 ? "can't be used: nothing flows" : `version ${inForce} is in force`}</Badge>
      )}
      {error !== undefined && <div className={classes.why}>{error}</div>}
    </>
  );
}

function nameOf({ function: name, direction }: SchemaSubject): string {
  return `${name} (${direction})`;
}

function verb({ version }: SchemaSubject): string {
  return version === undefined ? "Register" : "New version";
}
