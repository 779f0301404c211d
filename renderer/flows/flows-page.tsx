import { PageHeader } from "../parts/page-header.tsx";

export function FlowsPage() {
  return <PageHeader title="Flows" />;
}
