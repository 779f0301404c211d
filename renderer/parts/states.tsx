/** The states a page can be in beside "there is data": empty, failed, loading. */
import { Button, Skeleton } from "@mantine/core";
import type { TablerIcon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ApiError } from "../api.ts";
import { IconAlertTriangle, IconRefresh, IconStack2 } from "./icons.ts";
import classes from "./states.module.css";

interface EmptyStateProps {
  title: string;
  /** What would be here, and how it comes to be here. */
  children?: ReactNode;
  icon?: TablerIcon;
  actions?: ReactNode;
}

export function EmptyState({ title, children, icon: Icon = IconStack2, actions }: EmptyStateProps) {
  return (
    <div className={classes.state}>
      <span className={classes.icon}>
        <Icon size={22} aria-hidden />
      </span>
      <h2 className={classes.title}>{title}</h2>
      {children !== undefined && <p className={classes.text}>{children}</p>}
      {actions !== undefined && <div className={classes.actions}>{actions}</div>}
    </div>
  );
}

interface ErrorStateProps {
  /** What failed, in the operator's words: `The services can't be read.` */
  what: string;
  error: unknown;
  onRetry?: () => void;
}

/** What failed, why, what to try, and a button to try it. Fills the place of the data. */
export function ErrorState({ what, error, onRetry }: ErrorStateProps) {
  const { message, fix, code } = describeError(error);
  return (
    <div className={classes.state} role="alert">
      <span className={`${classes.icon} ${classes.iconBad}`}>
        <IconAlertTriangle size={22} aria-hidden />
      </span>
      <h2 className={classes.title}>{what}</h2>
      <p className={classes.text}>{message}</p>
      <p className={classes.text}>{fix}</p>
      {code !== undefined && <p className={`${classes.text} ag-mono`}>{code}</p>}
      {onRetry !== undefined && (
        <div className={classes.actions}>
          <Button leftSection={<IconRefresh size={15} />} onClick={onRetry}>
            Try again
          </Button>
        </div>
      )}
    </div>
  );
}

/** The same in one strip, above data that stays on the page or inside a form. */
export function ErrorStrip({ what, error, onRetry }: ErrorStateProps) {
  const { message, fix } = describeError(error);
  return (
    <div className={classes.inline} role="alert">
      <div className={classes.inlineText}>
        <p>
          <b>{what}</b> {message}
        </p>
        <p className="ag-dim">{fix}</p>
      </div>
      {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}

/** Rows of the height a table's rows will have, so that nothing jumps when they come. */
export function SkeletonRows({ rows = 8, height = 20 }: { rows?: number; height?: number }) {
  return (
    <div className={classes.rows} aria-busy="true">
      <span className="ag-visually-hidden" role="status">
        Loading
      </span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike and never move
        <Skeleton key={row} height={height} width={`${94 - ((row * 17) % 30)}%`} radius="sm" />
      ))}
    </div>
  );
}

export function SkeletonBlock({ height }: { height: number | string }) {
  return <Skeleton height={height} radius="lg" aria-hidden />;
}

/** An error in words: the API's own where it is one. */
export function describeError(error: unknown): { message: string; fix: string; code: string | undefined } {
  if (error instanceof ApiError) return { message: error.message, fix: error.fix, code: error.code };
  return {
    message: error instanceof Error ? error.message : String(error),
    fix: "Reload the page; if it stays, report it with the steps that led here.",
    code: undefined,
  };
}
