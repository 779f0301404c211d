/** Profiles: the connections a console knows, how they are tested and chosen. */
import { z } from "@hono/zod-openapi";
import { refineTopics, topicSettingsSchema } from "./topic-settings.ts";
import { milliseconds, time } from "./values.ts";

export const ENVIRONMENTS = ["dev", "staging", "prod"] as const;
export const SASL_MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"] as const;
export const TEST_STAGES = ["dns", "tcp", "tls", "sasl", "acls", "topics", "transactions", "registry"] as const;

/** Names of devices on Windows, where a file can't be called so. */
const RESERVED_NAMES = /^(con|prn|aux|nul|com\d|lpt\d)$/i;
/** A profile's name is a folder's name too, on every system. */
export const profileNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "a profile's name is letters, digits, - and _, 63 at most")
  .refine((name) => !RESERVED_NAMES.test(name), "Windows has no folders of this name");
const brokerSchema = z.string().regex(/^(\[[0-9A-Fa-f:]+\]|[^\s:/]+):\d{1,5}$/, "a broker is HOST:PORT");
const urlSchema = z.url({ protocol: /^https?$/ });
const prefixSchema = z.string().regex(/^[A-Za-z0-9._-]{0,100}$/, "a prefix is letters, digits, ., - and _");

// ------------------------------------------------------------------------------------------------ what is answered

const heldSecret = z
  .object({
    set: z.literal(true),
    env: z.string().optional().openapi({ description: "The variable of the environment it comes from" }),
    path: z.string().optional().openapi({ description: "The file it is read from (tls.key only)" }),
  })
  .openapi("HeldSecret", { description: "A secret is kept; its value is never answered" });

const saslFields = {
  mechanism: z.enum(SASL_MECHANISMS),
  username: z.string().min(1).max(500).optional(),
  token_url: urlSchema.optional().openapi({ description: "With oauthbearer: where the client credentials grant is" }),
  client_id: z.string().min(1).max(500).optional(),
  scope: z.string().max(1000).optional(),
};
const tlsFields = {
  ca: z.string().min(1).max(1_000_000).optional().openapi({ description: "A file's path, or the PEM text itself" }),
  cert: z.string().min(1).max(1_000_000).optional().openapi({ description: "A file's path, or the PEM text itself" }),
  server_name: z.string().min(1).max(255).optional(),
};
const registryFields = {
  url: urlSchema,
  username: z.string().min(1).max(500).optional(),
  ca: z.string().min(1).max(1_000_000).optional().openapi({
    description: "A file's path, or the PEM text itself; left out: the cluster's `tls.ca`, beside the system's",
  }),
  wire_format: z.enum(["json", "confluent"]).default("json").openapi({
    description: "How records of fromanager and tomanager are written; both are read",
  }),
  validate: z.boolean().default(true).openapi({ description: "Events that break their schema don't flow" }),
};
const kafkaFields = {
  brokers: z.array(brokerSchema).min(1).max(100),
  prefix: prefixSchema.default(""),
  topics: topicSettingsSchema.optional(),
};

const kafkaSchema = z
  .object({
    ...kafkaFields,
    sasl: z
      .object({ ...saslFields, password: heldSecret.optional(), client_secret: heldSecret.optional() })
      .optional(),
    tls: z
      .object({ ...tlsFields, key: heldSecret.optional() })
      .nullable()
      .optional()
      .openapi({ description: "Null or left out: in clear" }),
    registry: z.object({ ...registryFields, password: heldSecret.optional() }).optional(),
  })
  .openapi("KafkaProfile");

export const profileSchema = z
  .object({
    name: z.string(),
    kind: z.enum(["embedded", "kafka"]),
    environment: z.enum(ENVIRONMENTS).openapi({ description: "The strictest of all profiles of the same cluster" }),
    declared_environment: z
      .enum(ENVIRONMENTS)
      .optional()
      .openapi({ description: "Its own, where another profile of the same cluster is stricter" }),
    stricter_profile: z.string().optional().openapi({ description: "The one that is stricter" }),
    read_only: z.boolean().openapi({ description: "Right now; production is read-only until it is unlocked" }),
    run_manager: z.boolean().openapi({ description: "This console runs a manager on it" }),
    cluster_id: z.string().optional().openapi({ description: "Of the cluster that was last reached" }),
    unlocked_until: time.optional(),
    kafka: kafkaSchema.optional(),
  })
  .openapi("Profile");
export type Profile = z.infer<typeof profileSchema>;

export const profileListSchema = z
  .object({
    current: z.string(),
    key_store: z.object({ available: z.boolean(), why: z.string().optional() }),
    profiles: z.array(profileSchema),
  })
  .openapi("ProfileList");
export type ProfileList = z.infer<typeof profileListSchema>;

// --------------------------------------------------------------------------------------------------- what is given

const newSecret = z
  .union([z.string().min(1).max(1_000_000), z.object({ set: z.literal(true) }), z.null()])
  .optional()
  .openapi("NewSecret", {
    description: `\`\${NAME}\` refers to a variable of the environment; any other text goes to the key store. Left out or as it was answered: what is kept stays; null: it is forgotten`,
  });

const kafkaDraft = z
  .object({
    ...kafkaFields,
    sasl: z.object({ ...saslFields, password: newSecret, client_secret: newSecret }).nullish(),
    tls: z
      .object({
        ...tlsFields,
        key: newSecret.openapi({
          description: `PEM text or \`\${NAME}\`, secrets both; any other text is a file's path`,
        }),
      })
      .nullish(),
    registry: z.object({ ...registryFields, password: newSecret }).nullish(),
  })
  .superRefine(refineTopics)
  .openapi("KafkaProfileDraft");

/** The body of `PUT /profiles/{name}`. */
export const profileDraftSchema = z
  .object({
    kind: z.enum(["embedded", "kafka"]).default("kafka"),
    environment: z.enum(ENVIRONMENTS).default("dev"),
    read_only: z.boolean().default(false).openapi({ description: "Says nothing in production, which has its lock" }),
    run_manager: z.boolean().optional().openapi({ description: "Left out: yes, but in production" }),
    kafka: kafkaDraft.optional(),
  })
  .openapi("ProfileDraft");
export type ProfileDraft = z.output<typeof profileDraftSchema>;
export type KafkaDraft = NonNullable<ProfileDraft["kafka"]>;
export type NewSecret = z.output<typeof newSecret>;

/** The body of `POST /profiles/choose`. */
export const chooseRequestSchema = z
  .object({ name: z.string().min(1), reason: z.string().max(2000).optional() })
  .openapi("ChooseRequest");

/** The body of `POST /profiles/unlock`. */
export const unlockRequestSchema = z
  .object({ reason: z.string().trim().min(1, "say why").max(2000) })
  .openapi("UnlockRequest");

/** The body of `POST /profiles/test`. */
export const testRequestSchema = z
  .object({ profile: profileDraftSchema.extend({ name: profileNameSchema }) })
  .openapi("TestRequest");

export const testStageSchema = z
  .object({
    stage: z.enum(TEST_STAGES),
    status: z.enum(["ok", "failed", "skipped", "warning"]),
    ms: milliseconds,
    message: z.string().openapi({ description: "What was found, in plain words" }),
    help: z.string().optional().openapi({ description: "What to do about it" }),
    details: z.array(z.string()).optional().openapi({ description: "Line by line: brokers, topics, commands" }),
  })
  .openapi("TestStage");
export type TestStage = z.infer<typeof testStageSchema>;

export const testReportSchema = z.object({ stages: z.array(testStageSchema) }).openapi("TestReport");
export type TestReport = z.infer<typeof testReportSchema>;
