import { PageHeader } from "../parts/page-header.tsx";

export function ClusterPage() {
  return <PageHeader title="Cluster" />;
}
