import { PageHeader } from "../parts/page-header.tsx";

export function ServicePage() {
  return <PageHeader title="Service" />;
}
