import type { ReactNode } from "react";
import classes from "./details.module.css";

/** A heading with what belongs below it. */
export function Block({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.block}>
      <h3 className={classes.blockTitle}>{title}</h3>
      {children}
    </section>
  );
}
