/** Which schema registry, and what for: the part of a profile that names it, with its secrets in clear and in memory only. */
export interface RegistryAccess {
  /** Where its API begins: `https://host:8081`, with Apicurio `http://host:8080/apis/ccompat/v7`. */
  url: string;
  /** Basic authentication; left out: nobody in particular. */
  username?: string;
  password?: string;
  /** PEM text: authorities that may have signed its certificate, beside the system's. */
  ca?: string;
  /** How records of `fromanager` and `tomanager` are written; both forms are read. */
  wireFormat: "json" | "confluent";
  /** Events that break their schema don't flow. */
  validate: boolean;
}
