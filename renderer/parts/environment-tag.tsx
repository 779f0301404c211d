import type { Profile } from "../../engine/api/schemas/profile.ts";
import { useInfo } from "../queries.ts";
import classes from "./environment-tag.module.css";

type Environment = Profile["environment"];

/** What each environment is called; shown in words beside its colour. */
const WORDS: Record<Environment, string> = { dev: "DEV", staging: "STAGING", prod: "PROD" };

/** The environment of the profile in words and colour. `short` leaves the profile's name out. */
export function EnvironmentTag({ short = false }: { short?: boolean }) {
  const info = useInfo();
  const profile = info.data?.profile;
  if (profile === undefined) return info.isError ? <span className={classes.tag}>profile unknown</span> : null;
  const word = WORDS[profile.environment];
  return (
    <span className={classes.tag} title={`Profile ${profile.name}, environment ${profile.environment}`}>
      {short ? word : `${word} · ${profile.name}`}
      {profile.read_only && <span className={classes.note}>read-only</span>}
    </span>
  );
}

/** Any profile's environment, whichever one is open. */
export function EnvironmentBadge({ environment, name }: { environment: Environment; name?: string }) {
  return (
    <span className={classes.badge} data-environment={environment}>
      {name === undefined ? WORDS[environment] : `${WORDS[environment]} · ${name}`}
    </span>
  );
}
