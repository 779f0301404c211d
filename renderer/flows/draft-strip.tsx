import { Button } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { Time } from "../parts/time.tsx";
import { useFlows } from "../queries.ts";
import classes from "./designer.module.css";
import { useDesignerScope } from "./designer-context.ts";
import type { FlowDocument } from "./document.ts";
import type { Draft } from "./draft.ts";

interface DraftStripProps {
  flow: string | undefined;
  base: { version?: string; document: FlowDocument };
  draft: Draft | undefined;
}

/** Says that this is a draft from before, and whether the flow has gone on without it. */
export function DraftStrip({ flow, base, draft }: DraftStripProps) {
  const { designer } = useDesignerScope();
  const [dismissed, setDismissed] = useState(false);
  const newest = useFlows().data?.flows.find(({ name }) => name === flow)?.versions[0]?.version;
  const [newestAtFirst] = useState(newest);
  // A draft may be old; what was just opened is overtaken only by what came since.
  const known = draft === undefined ? newestAtFirst : (draft.base ?? base.version);
  const overtaken = newest !== undefined && known !== undefined && newest !== known;
  if (dismissed || (draft === undefined && !overtaken)) return null;
  const begun = draft?.base ?? base.version;
  const compare = `/flows/${encodeURIComponent(flow ?? "")}/compare?a=${encodeURIComponent(known ?? "")}&b=${encodeURIComponent(newest ?? "")}`;
  return (
    <div className={classes.strip}>
      <span>
        {draft !== undefined && (
          <>
            This is your draft of <Time at={draft.savedAt} />
            {begun === undefined ? "" : `, begun from version ${begun}`}.{" "}
          </>
        )}
        {overtaken && (
          <>
            Version {newest} has been published meanwhile: <Link to={compare}>see what changed</Link>.
          </>
        )}
      </span>
      {draft !== undefined && (
        <Button
          onClick={() => {
            designer.change(() => base.document);
            setDismissed(true);
          }}
        >
          {base.version === undefined ? "Begin anew" : `Back to version ${base.version}`}
        </Button>
      )}
      <Button onClick={() => setDismissed(true)}>Go on with it</Button>
    </div>
  );
}
