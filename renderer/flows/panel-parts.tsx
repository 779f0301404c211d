import type { ReactNode } from "react";
import classes from "./designer.module.css";

export function PanelSection({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <h3 className={classes.sectionTitle}>{title}</h3>
      <div className={classes.fields}>{children}</div>
    </section>
  );
}

/** What the field under the pointer or the cursor means; always there, so that nothing moves. */
export function HelpFoot({ text }: { text: string | undefined }) {
  return (
    <div className={classes.helpFoot} aria-hidden>
      {text ?? "Fields left empty follow the defaults shown in them."}
    </div>
  );
}
