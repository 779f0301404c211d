import { Link, useLocation } from "react-router";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState } from "../parts/states.tsx";

export function NotFound() {
  const { pathname } = useLocation();
  return (
    <>
      <PageHeader title="No such page" />
      <EmptyState title={`There is nothing at ${pathname}`}>
        Go to <Link to="/journeys">Journeys</Link>, or press Ctrl K to find what you look for.
      </EmptyState>
    </>
  );
}
