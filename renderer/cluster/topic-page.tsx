import { PageHeader } from "../parts/page-header.tsx";

export function TopicPage() {
  return <PageHeader title="Topic" />;
}
