import { Checkbox, Select, Switch, TextInput } from "@mantine/core";
import { Card } from "../parts/card.tsx";
import type { ProfileFieldsProps, ProfileForm, WireFormat } from "./profile-form.ts";
import classes from "./profiles.module.css";
import { SecretField } from "./secret-field.tsx";

const WIRE_FORMATS: { value: WireFormat; label: string }[] = [
  { value: "json", label: "JSON as it is" },
  { value: "confluent", label: "Confluent: magic byte and schema id before the JSON" },
];

/** Where the schemas of events come from, if from anywhere. */
export function RegistryFields({ profile, keyStore, form, errors, onChange }: ProfileFieldsProps) {
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
            <TextInput
              className={classes.wide}
              label="Who signed its certificate"
              description="A file's path, or the PEM text. Left empty: as the cluster's."
              placeholder="none"
              value={form.registryCa}
              onChange={(event) => set({ registryCa: event.currentTarget.value })}
              spellCheck={false}
              autoComplete="off"
            />
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
