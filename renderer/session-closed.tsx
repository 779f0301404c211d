import { Button, PasswordInput } from "@mantine/core";
import { useState } from "react";
import { Logo } from "./frame/logo.tsx";
import { adoptToken, type SessionState } from "./session.ts";
import classes from "./session-gate.module.css";

const REASONS: Record<Extract<SessionState, { kind: "closed" }>["why"], string> = {
  missing: "This page was opened without its single-use code, so the console doesn't know that it is you.",
  used: "The code in the address is wrong or was used already. Each code opens the console once.",
  refused: "The console refused this page's token. It was probably started anew with another one.",
};

/** Why there is no session, and how to come by one. */
export function SessionClosed({ why }: { why: keyof typeof REASONS }) {
  const [token, setToken] = useState("");
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <div className={classes.logo}>
          <Logo /> Antigraph
        </div>
        <h1 className={classes.title}>Open the console again</h1>
        <p>{REASONS[why]}</p>
        <ol className={classes.steps}>
          <li>
            Go to the terminal in which the console runs and open the address it printed, or start it again with{" "}
            <code className={classes.code}>npx antigraph console</code>: it opens this page with a fresh code.
          </li>
          <li>
            Or paste the token. It stands in the file <code className={classes.code}>token</code> in the console's
            data folder, or in <code className={classes.code}>ANTIGRAPH_TOKEN</code> where that is set.
          </li>
        </ol>
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (token.trim() !== "") adoptToken(token.trim());
          }}
        >
          <PasswordInput
            label="Token"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            autoComplete="off"
            className={classes.field}
          />
          <Button type="submit" variant="filled" disabled={token.trim() === ""}>
            Open
          </Button>
        </form>
        <p className={classes.note}>Journeys and services aren't touched by this: they go on without a page.</p>
      </div>
    </main>
  );
}
