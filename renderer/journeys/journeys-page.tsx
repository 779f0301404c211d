import { PageHeader } from "../parts/page-header.tsx";

export function JourneysPage() {
  return <PageHeader title="Journeys" />;
}
