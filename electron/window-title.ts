/** What a title needs to know about a connection. */
export interface WindowProfile {
  name: string;
  environment: string;
}

/** For instance "DEV embedded · Antigraph"; a page that names the environment itself is left as it is. */
export function windowTitle(pageTitle: string, profile: WindowProfile): string {
  const where = `${profile.environment.toUpperCase()} ${profile.name}`;
  return pageTitle.includes(where) ? pageTitle : `${where} · ${pageTitle}`;
}
