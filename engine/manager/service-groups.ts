/**
 * The consumer groups in which a service's instances may read their commands: `service.NAME` (the SDK's), the service's
 * own name, or what its heartbeats say. Behind the profile's prefix, as the topics are.
 */
export function groupsOf(service: string, prefix: string, named: readonly string[] = []): string[] {
  return [...new Set([`${prefix}service.${service}`, `${prefix}${service}`, ...named])];
}
