/** What the form of a profile holds, how it begins, and the draft that is sent for it. */
import type { Profile, ProfileDraft, ProfileList } from "../../engine/api/schemas/profile.ts";
import { TOPIC_SETTINGS, type TopicSetting, topicProblem } from "../../engine/core/topic-names.ts";

export type Environment = Profile["environment"];
type Kafka = NonNullable<Profile["kafka"]>;
type KafkaDraft = NonNullable<ProfileDraft["kafka"]>;
export type Mechanism = NonNullable<Kafka["sasl"]>["mechanism"];
export type WireFormat = NonNullable<Kafka["registry"]>["wire_format"];
/** What is answered of a secret: that it is kept, and where it comes from. */
export type HeldSecret = NonNullable<NonNullable<Kafka["sasl"]>["password"]>;

/**
 * - `kept`: as it is, set or not
 * - `typed`: goes to the key store
 * - `variable`: the name of a variable of the environment
 * - `file`: a path; for keys only
 * - `forgotten`: what is kept is taken away
 */
export type SecretForm =
  | { from: "kept" }
  | { from: "forgotten" }
  | { from: "typed" | "variable" | "file"; text: string };

export interface ProfileForm {
  name: string;
  environment: Environment;
  readOnly: boolean;
  /** Undefined: as the environment has it. */
  runManager: boolean | undefined;
  /** HOST:PORT, with commas, spaces or on lines of their own. */
  brokers: string;
  prefix: string;
  /** Names of single topics; empty: the protocol's, behind the prefix. */
  topics: Record<TopicSetting, string>;
  sasl: Mechanism | "none";
  username: string;
  password: SecretForm;
  tokenUrl: string;
  clientId: string;
  clientSecret: SecretForm;
  oauthScope: string;
  tls: boolean;
  ca: string;
  cert: string;
  key: SecretForm;
  serverName: string;
  registry: boolean;
  registryUrl: string;
  registryUsername: string;
  registryPassword: SecretForm;
  registryCa: string;
  wireFormat: WireFormat;
  validate: boolean;
}

const NO_TOPICS = Object.fromEntries(TOPIC_SETTINGS.map((topic) => [topic, ""])) as Record<TopicSetting, string>;
const KEPT: SecretForm = { from: "kept" };

/** As the profile is; an empty one for a new profile. */
export function formOf(profile: Profile | undefined): ProfileForm {
  const { sasl, tls, registry, brokers = [], prefix = "", topics } = profile?.kafka ?? {};
  const environment = profile?.declared_environment ?? profile?.environment ?? "dev";
  return {
    name: profile?.name ?? "",
    environment,
    readOnly: profile !== undefined && environment !== "prod" && profile.read_only,
    runManager: profile?.run_manager,
    brokers: brokers.join(", "),
    prefix,
    topics: { ...NO_TOPICS, ...topics },
    sasl: sasl?.mechanism ?? "none",
    username: sasl?.username ?? "",
    password: KEPT,
    tokenUrl: sasl?.token_url ?? "",
    clientId: sasl?.client_id ?? "",
    clientSecret: KEPT,
    oauthScope: sasl?.scope ?? "",
    tls: tls !== undefined && tls !== null,
    ca: tls?.ca ?? "",
    cert: tls?.cert ?? "",
    key: KEPT,
    serverName: tls?.server_name ?? "",
    registry: registry !== undefined,
    registryUrl: registry?.url ?? "",
    registryUsername: registry?.username ?? "",
    registryPassword: KEPT,
    registryCa: registry?.ca ?? "",
    wireFormat: registry?.wire_format ?? "json",
    validate: registry?.validate ?? true,
  };
}

/** A manager runs on a profile unless it is production, where somebody has to choose it. */
export function runsManager({ runManager, environment }: ProfileForm): boolean {
  return runManager ?? environment !== "prod";
}

/** The body that creates or changes the profile. What is left empty is left out. */
export function draftOf(form: ProfileForm, kind: Profile["kind"]): ProfileDraft {
  const { environment, readOnly } = form;
  const draft = { kind, environment, read_only: readOnly, run_manager: runsManager(form) };
  return kind === "embedded" ? draft : { ...draft, kafka: kafkaOf(form) };
}

function kafkaOf(form: ProfileForm): KafkaDraft {
  return {
    brokers: brokersOf(form.brokers),
    prefix: form.prefix.trim(),
    topics: filled(form.topics),
    sasl: form.sasl === "none" ? null : saslOf(form, form.sasl),
    tls: form.tls ? tlsOf(form) : null,
    registry: form.registry ? registryOf(form) : null,
  };
}

function saslOf(form: ProfileForm, mechanism: Mechanism): NonNullable<KafkaDraft["sasl"]> {
  if (mechanism !== "oauthbearer") {
    return { mechanism, ...filled({ username: form.username }), ...secret("password", form.password) };
  }
  const { tokenUrl: token_url, clientId: client_id, oauthScope: scope } = form;
  return { mechanism, ...filled({ token_url, client_id, scope }), ...secret("client_secret", form.clientSecret) };
}

function tlsOf({ ca, cert, key, serverName }: ProfileForm): NonNullable<KafkaDraft["tls"]> {
  return { ...filled({ ca, cert, server_name: serverName }), ...secret("key", key) };
}

function registryOf(form: ProfileForm): NonNullable<KafkaDraft["registry"]> {
  return {
    url: form.registryUrl.trim(),
    wire_format: form.wireFormat,
    validate: form.validate,
    ...filled({ username: form.registryUsername, ca: form.registryCa }),
    ...secret("password", form.registryPassword),
  };
}

/** What is sent for a secret: nothing for what is kept, null to forget it, `${NAME}` for a variable. */
function secret<Name extends string>(name: Name, form: SecretForm): { [name in Name]?: string | null } {
  const value = secretValue(form);
  return (value === undefined ? {} : { [name]: value }) as { [name in Name]?: string | null };
}

function secretValue(form: SecretForm): string | null | undefined {
  switch (form.from) {
    case "kept":
      return undefined;
    case "forgotten":
      return null;
    case "variable":
      return `\${${variableOf(form.text)}}`;
    case "typed":
    case "file":
      return form.text;
    default:
      return form satisfies never;
  }
}

/** The name alone, however it was written: `NAME`, `$NAME`, `${NAME}`. */
export function variableOf(text: string): string {
  return text
    .trim()
    .replace(/^\$\{?/, "")
    .replace(/\}$/, "");
}

function filled<Fields extends Record<string, string>>(fields: Fields): Partial<Fields> {
  const entries = Object.entries(fields).map(([name, text]) => [name, text.trim()] as const);
  return Object.fromEntries(entries.filter(([, text]) => text !== "")) as Partial<Fields>;
}

export function brokersOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((broker) => broker !== "");
}

const BROKER = /^(\[[0-9a-f:]+\]|[^\s:/]+):\d{1,5}$/i;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export type FieldErrors = Partial<Record<keyof ProfileForm, string>>;

/** What can be seen to be wrong before anything is sent, by field. `kept`: what is known of the profile already. */
export function problemsOf(form: ProfileForm, kind: Profile["kind"], kept?: Kafka): FieldErrors {
  const errors: FieldErrors = {};
  if (!NAME.test(form.name)) errors.name = "Letters, digits, - and _; 63 at most. It is a folder's name too.";
  if (kind === "embedded") return errors;
  const brokers = brokersOf(form.brokers);
  const odd = brokers.find((broker) => !BROKER.test(broker));
  if (brokers.length === 0) errors.brokers = "At least one, as HOST:PORT.";
  else if (odd !== undefined) errors.brokers = `${odd} isn't HOST:PORT.`;
  if (!/^[A-Za-z0-9._-]{0,100}$/.test(form.prefix.trim())) errors.prefix = "Letters, digits, ., - and _.";
  const topic = topicProblem(form.prefix.trim(), filled(form.topics));
  if (topic !== undefined) errors.topics = `${topic.setting}: ${topic.message}.`;
  if (form.sasl === "oauthbearer" && !isUrl(form.tokenUrl)) errors.tokenUrl = "The address of the token endpoint.";
  if (form.sasl === "oauthbearer" && form.clientId.trim() === "") errors.clientId = "The client's id.";
  if (form.sasl !== "oauthbearer" && form.sasl !== "none" && form.username.trim() === "") {
    errors.username = "The user's name.";
  }
  if (form.registry && !isUrl(form.registryUrl)) errors.registryUrl = "An address, such as https://registry:8081.";
  for (const name of usedSecrets(form)) {
    const problem = secretProblem(form[name]);
    if (problem !== undefined) errors[name] = problem;
  }
  if (form.sasl === "oauthbearer") {
    if (isMissing(form.clientSecret, kept?.sasl?.client_secret)) errors.clientSecret = "The client needs its secret.";
  } else if (form.sasl !== "none" && isMissing(form.password, kept?.sasl?.password)) {
    errors.password = "The user needs a password.";
  }
  return errors;
}

type SecretName = "password" | "clientSecret" | "key" | "registryPassword";

function usedSecrets(form: ProfileForm): SecretName[] {
  const names: SecretName[] = [];
  if (form.sasl === "oauthbearer") names.push("clientSecret");
  else if (form.sasl !== "none") names.push("password");
  if (form.tls) names.push("key");
  if (form.registry) names.push("registryPassword");
  return names;
}

function isMissing({ from }: SecretForm, held: HeldSecret | undefined): boolean {
  return from === "forgotten" || (from === "kept" && held === undefined);
}

function secretProblem(form: SecretForm): string | undefined {
  if (form.from === "kept" || form.from === "forgotten") return undefined;
  if (form.from === "variable") {
    return VARIABLE.test(variableOf(form.text)) ? undefined : "The name of a variable, such as KAFKA_PASSWORD.";
  }
  return form.text === "" ? "It is empty." : undefined;
}

function isUrl(text: string): boolean {
  return /^https?:\/\/\S+$/.test(text.trim());
}

/** What each part of the form works on. */
export interface ProfileFieldsProps {
  /** As it is kept; undefined for a new one. */
  profile: Profile | undefined;
  kind: Profile["kind"];
  keyStore: ProfileList["key_store"];
  form: ProfileForm;
  errors: FieldErrors;
  onChange: (form: ProfileForm) => void;
}

/** How the connection is secured, in a few words. */
export function securityOf(kafka: Kafka | undefined): string {
  if (kafka === undefined) return "in this console's data folder";
  const { sasl, tls } = kafka;
  const channel =
    tls === undefined || tls === null ? "in clear" : tls.key === undefined ? "TLS" : "TLS with client key";
  return sasl === undefined ? channel : `${channel}, ${sasl.mechanism.toUpperCase()}`;
}
