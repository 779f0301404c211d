import { PageHeader } from "../parts/page-header.tsx";

export function JourneyPage() {
  return <PageHeader title="Journey" />;
}
