import { Checkbox, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { Card } from "../parts/card.tsx";
import { type Environment, type ProfileFieldsProps, runsManager } from "./profile-form.ts";
import classes from "./profiles.module.css";
import { RegistryFields } from "./registry-fields.tsx";
import { SecurityFields } from "./security-fields.tsx";
import { TopicNameFields } from "./topic-name-fields.tsx";

export function ProfileFields(props: ProfileFieldsProps) {
  return (
    <>
      <General {...props} />
      {props.kind === "kafka" && (
        <>
          <Cluster {...props} />
          <SecurityFields {...props} />
          <RegistryFields {...props} />
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
        <TopicNameFields form={form} errors={errors} onChange={onChange} />
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
