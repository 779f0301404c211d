import { useRouteError } from "react-router";
import { ErrorState } from "../parts/states.tsx";

/** A page that can't even be loaded, for instance because the console was updated under an open window. */
export function PageError() {
  return <ErrorState what="This page can't be shown." error={useRouteError()} onRetry={() => location.reload()} />;
}
