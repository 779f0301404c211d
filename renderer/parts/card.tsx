import { type ReactNode, useId } from "react";
import classes from "./card.module.css";

interface CardProps {
  title: string;
  note?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A titled part of a page; a region for screen readers. */
export function Card({ title, note, children, className = "" }: CardProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={`${classes.card} ${className}`}>
      <div className={classes.head}>
        <h2 id={id} className={classes.title}>
          {title}
        </h2>
        {note !== undefined && <div className={classes.note}>{note}</div>}
      </div>
      {children}
    </section>
  );
}
