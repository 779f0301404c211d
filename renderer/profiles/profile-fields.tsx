import { Checkbox, SegmentedControl, Select, Switch, Textarea, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { Profile, ProfileList } from "../../engine/api/schemas/profile.ts";
import { Card } from "../parts/card.tsx";
import {
  type Environment,
  type FieldErrors,
  type Mechanism,
  type ProfileForm,
  runsManager,
  type WireFormat,
} from "./profile-form.ts";
import classes from "./profiles.module.css";
import { SecretField } from "./secret-field.tsx";

interface ProfileFieldsProps {
  /** As it is kept; undefined for a new one. */
  profile: Profile | undefined;
  kind: Profile["kind"];
  keyStore: ProfileList["key_store"];
  form: ProfileForm;
  errors: FieldErrors;
  onChange: (form: ProfileForm) => void;
}

export function ProfileFields(props: ProfileFieldsProps) {
  return (
    <>
      <General {...props} />
      {props.kind === "kafka" && (
        <>
          <Cluster {...props} />
          <Security {...props} />
          <Registry {...props} />
        </>
      )}
    </>
  );
}

const ENVIRONMENTS: { value: Environment; label: string }[] = [
  { value: "dev", label: "dev" },
  { value: "staging", label: "staging" },
  { value: "prod", label: "prod" },
];

function General({ profile, kind, form, errors, onChange }: ProfileFieldsProps) {
  const prod = form.environment === "prod";
  return (
    <Card title="Profile">
      <div className={classes.fields}>
        <TextInput
          className={classes.wide}
          label="Name"
          description="It stands beside the environment on every page."
          value={form.name}
          error={errors.name}
          readOnly={profile !== undefined}
          onChange={(event) => onChange({ ...form, name: event.currentTarget.value.trim() })}
          placeholder="payments-eu"
          spellCheck={false}
          autoComplete="off"
          data-autofocus
        />
        <Group label="Environment">
          <SegmentedControl
            aria-label="Environment"
            data={ENVIRONMENTS}
            value={form.environment}
            onChange={(value) => {
              const environment = ENVIRONMENTS.find((each) => each.value === value)?.value ?? "dev";
              onChange({ ...form, environment });
            }}
          />
          <p className={classes.small}>
            {prod
              ? "Red on every page. Opens read-only, unlocked for 30 minutes with a reason; actions ask for one too. Faults and producing by hand don't exist there."
              : "It belongs to the cluster: of two profiles of one cluster the stricter one holds for both."}
          </p>
        </Group>
        <div className={classes.wide}>
          {!prod && (
            <Checkbox
              label="Read-only"
              description="Look at everything, change nothing."
              checked={form.readOnly}
              onChange={(event) => onChange({ ...form, readOnly: event.currentTarget.checked })}
            />
          )}
        </div>
        {kind === "kafka" && (
          <div className={classes.wide}>
            <Checkbox
              label="Run a manager here"
              description={
                prod
                  ? "Off for production unless you choose it: this machine would share the work, and hands over when it sleeps."
                  : "This machine shares the work with the other managers of the cluster. Without it the console only watches."
              }
              checked={runsManager(form)}
              onChange={(event) => onChange({ ...form, runManager: event.currentTarget.checked })}
            />
          </div>
        )}
      </div>
    </Card>
  );
}

function Cluster({ form, errors, onChange }: ProfileFieldsProps) {
  return (
    <Card title="Cluster">
      <div className={classes.fields}>
        <Textarea
          className={classes.wide}
          label="Brokers"
          description="HOST:PORT, one or several; the others are found through them."
          value={form.brokers}
          error={errors.brokers}
          onChange={(event) => onChange({ ...form, brokers: event.currentTarget.value })}
          placeholder="broker-1.example.com:9093, broker-2.example.com:9093"
          autosize
          minRows={1}
          maxRows={5}
          spellCheck={false}
          classNames={{ input: "ag-mono" }}
        />
        <TextInput
          className={classes.wide}
          label="Prefix of the topics"
          description={`Two installations share one cluster by it: ${form.prefix.trim()}tomanager, ${form.prefix.trim()}fromanager, …`}
          value={form.prefix}
          error={errors.prefix}
          onChange={(event) => onChange({ ...form, prefix: event.currentTarget.value })}
          placeholder="none"
          spellCheck={false}
        />
      </div>
    </Card>
  );
}

const MECHANISMS: { value: Mechanism | "none"; label: string }[] = [
  { value: "none", label: "none" },
  { value: "plain", label: "PLAIN" },
  { value: "scram-sha-256", label: "SCRAM-SHA-256" },
  { value: "scram-sha-512", label: "SCRAM-SHA-512" },
  { value: "oauthbearer", label: "OAUTHBEARER" },
];

function Security({ profile, keyStore, form, errors, onChange }: ProfileFieldsProps) {
  const { sasl, tls } = profile?.kafka ?? {};
  const set = (change: Partial<ProfileForm>) => onChange({ ...form, ...change });
  const text = (name: "username" | "tokenUrl" | "clientId" | "oauthScope" | "ca" | "cert" | "serverName") => ({
    value: form[name],
    error: errors[name],
    onChange: (event: { currentTarget: { value: string } }) => set({ [name]: event.currentTarget.value }),
    spellCheck: false,
    autoComplete: "off",
  });
  return (
    <Card title="Security">
      <div className={classes.fields}>
        <Select
          label="Sign in by (SASL)"
          data={MECHANISMS}
          value={form.sasl}
          onChange={(value) => set({ sasl: MECHANISMS.find((each) => each.value === value)?.value ?? "none" })}
          allowDeselect={false}
        />
        {form.sasl !== "none" && form.sasl !== "oauthbearer" && (
          <>
            <TextInput label="User" {...text("username")} />
            <SecretField
              label="Password"
              held={sasl?.password}
              keyStore={keyStore}
              value={form.password}
              error={errors.password}
              onChange={(password) => set({ password })}
            />
          </>
        )}
        {form.sasl === "oauthbearer" && (
          <>
            <TextInput label="Client id" {...text("clientId")} />
            <TextInput
              label="Token endpoint"
              placeholder="https://login.example.com/oauth2/token"
              {...text("tokenUrl")}
            />
            <TextInput label="Scope" placeholder="none" {...text("oauthScope")} />
            <SecretField
              label="Client secret"
              held={sasl?.client_secret}
              keyStore={keyStore}
              value={form.clientSecret}
              error={errors.clientSecret}
              onChange={(clientSecret) => set({ clientSecret })}
            />
          </>
        )}
        {!keyStore.available && (form.sasl !== "none" || form.tls) && (
          <p className={`${classes.wide} ${classes.small}`}>
            {keyStore.why ?? "This host has no key store."} So a secret is named here as a variable of the environment
            in which the console is started.
          </p>
        )}
        <div className={classes.wide}>
          <Switch
            label="Encrypted (TLS)"
            description={
              !form.tls && form.sasl === "plain" ? "Without it the password crosses the network as it is." : undefined
            }
            checked={form.tls}
            onChange={(event) => set({ tls: event.currentTarget.checked })}
          />
        </div>
        {form.tls && (
          <>
            <TextInput
              className={classes.wide}
              label="Authority (CA)"
              description="A file's path, or the PEM text. Empty: what the system trusts."
              placeholder="/path/to/ca.pem"
              {...text("ca")}
            />
            <TextInput
              className={classes.wide}
              label="Client certificate"
              description="Where the brokers ask for one: a file's path, or the PEM text."
              placeholder="none"
              {...text("cert")}
            />
            <SecretField
              label="Client key"
              held={tls?.key}
              keyStore={keyStore}
              value={form.key}
              error={errors.key}
              onChange={(key) => set({ key })}
              isKey
            />
            <TextInput
              className={classes.wide}
              label="Name in the brokers' certificate"
              description="Where it isn't the host's."
              placeholder="the host's"
              {...text("serverName")}
            />
          </>
        )}
      </div>
    </Card>
  );
}

const WIRE_FORMATS: { value: WireFormat; label: string }[] = [
  { value: "json", label: "JSON as it is" },
  { value: "confluent", label: "Confluent: magic byte and schema id before the JSON" },
];

function Registry({ profile, keyStore, form, errors, onChange }: ProfileFieldsProps) {
  const set = (change: Partial<ProfileForm>) => onChange({ ...form, ...change });
  return (
    <Card title="Schema registry">
      <div className={classes.fields}>
        <div className={classes.wide}>
          <Switch
            label="Schemas of events come from a registry"
            description="Confluent's API, JSON Schema."
            checked={form.registry}
            onChange={(event) => set({ registry: event.currentTarget.checked })}
          />
        </div>
        {form.registry && (
          <>
            <TextInput
              className={classes.wide}
              label="Address"
              placeholder="https://registry.example.com:8081"
              value={form.registryUrl}
              error={errors.registryUrl}
              onChange={(event) => set({ registryUrl: event.currentTarget.value })}
              spellCheck={false}
            />
            <TextInput
              className={classes.wide}
              label="User of the registry"
              placeholder="none"
              value={form.registryUsername}
              onChange={(event) => set({ registryUsername: event.currentTarget.value })}
              spellCheck={false}
              autoComplete="off"
            />
            {form.registryUsername.trim() !== "" && (
              <SecretField
                label="Password of the registry"
                held={profile?.kafka?.registry?.password}
                keyStore={keyStore}
                value={form.registryPassword}
                error={errors.registryPassword}
                onChange={(registryPassword) => set({ registryPassword })}
              />
            )}
            <Select
              className={classes.wide}
              label="Records are written as"
              data={WIRE_FORMATS}
              value={form.wireFormat}
              onChange={(value) =>
                set({ wireFormat: WIRE_FORMATS.find((each) => each.value === value)?.value ?? "json" })
              }
              allowDeselect={false}
            />
            <div className={classes.wide}>
              <Checkbox
                label="Refuse what doesn't fit its schema"
                description="A command isn't sent, and a reply counts as failed, with the schema's message."
                checked={form.validate}
                onChange={(event) => set({ validate: event.currentTarget.checked })}
              />
            </div>
          </>
        )}
      </div>
    </Card>
  );
}

function Group({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.wide}>
      <div className={classes.label} aria-hidden>
        {label}
      </div>
      {children}
    </div>
  );
}
