import { PageHeader } from "../parts/page-header.tsx";

export function ActivityPage() {
  return <PageHeader title="Activity" />;
}
