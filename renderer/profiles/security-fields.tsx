import { Select, Switch, TextInput } from "@mantine/core";
import { Card } from "../parts/card.tsx";
import type { Mechanism, ProfileFieldsProps, ProfileForm } from "./profile-form.ts";
import classes from "./profiles.module.css";
import { SecretField } from "./secret-field.tsx";

const MECHANISMS: { value: Mechanism | "none"; label: string }[] = [
  { value: "none", label: "none" },
  { value: "plain", label: "PLAIN" },
  { value: "scram-sha-256", label: "SCRAM-SHA-256" },
  { value: "scram-sha-512", label: "SCRAM-SHA-512" },
  { value: "oauthbearer", label: "OAUTHBEARER" },
];

/** How the console proves who it is, and how the channel is encrypted. */
export function SecurityFields({ profile, keyStore, form, errors, onChange }: ProfileFieldsProps) {
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
