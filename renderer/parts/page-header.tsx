import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";
import { useProfile } from "../queries.ts";
import classes from "./page-header.module.css";

interface PageHeaderProps {
  title: ReactNode;
  /** For the window's title, when `title` isn't a plain text. */
  windowTitle?: string;
  /** Where this page hangs: shown before the title as a link. */
  parent?: { to: string; label: string };
  /** Small print behind the title. */
  note?: ReactNode;
  actions?: ReactNode;
}

/** The page's one h1, what belongs to it, and its actions on the right. Sets the window's title too. */
export function PageHeader({ title, windowTitle, parent, note, actions }: PageHeaderProps) {
  useWindowTitle(windowTitle ?? (typeof title === "string" ? title : undefined));
  return (
    <div className={classes.header}>
      {parent !== undefined && (
        <span className={classes.parent}>
          <Link to={parent.to}>{parent.label}</Link> /
        </span>
      )}
      <h1 className={classes.title}>{title}</h1>
      {note !== undefined && <div className={classes.note}>{note}</div>}
      <div className={classes.grow} />
      {actions !== undefined && <div className={classes.actions}>{actions}</div>}
    </div>
  );
}

/** `Journeys · PROD payments-eu · Antigraph`: the environment stands in the window's title too. */
export function useWindowTitle(title: string | undefined): void {
  const profile = useProfile();
  useEffect(() => {
    const where = profile === undefined ? undefined : `${profile.environment.toUpperCase()} ${profile.name}`;
    document.title = [title, where, "Antigraph"].filter((part) => part !== undefined).join(" · ");
  }, [title, profile]);
}
