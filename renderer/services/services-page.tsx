import { PageHeader } from "../parts/page-header.tsx";

export function ServicesPage() {
  return <PageHeader title="Services" />;
}
