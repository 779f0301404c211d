import { ActionIcon, Button, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Fault } from "../../engine/api/schemas/console.ts";
import { Card } from "../parts/card.tsx";
import { duration, percent } from "../parts/format.ts";
import { IconFlask, IconTrash } from "../parts/icons.ts";
import { ErrorStrip } from "../parts/states.tsx";
import { useFaults, useSetFaults } from "../queries.ts";
import classes from "./services.module.css";

interface FaultInjectionProps {
  service: string;
  functions: readonly string[];
  readOnly: boolean;
}

/** Makes the sample services fail or wait on purpose, to watch what the flows do about it. Embedded profile only. */
export function FaultInjection({ service, functions, readOnly }: FaultInjectionProps) {
  const { data, error, refetch } = useFaults();
  const change = useSetFaults();
  const faults = data?.faults ?? [];
  const own = faults.filter((fault) => fault.service === service);
  const replace = (fault: Fault) =>
    change.mutate({ faults: [...faults.filter((other) => !isSameCall(other, fault)), fault] });
  const remove = (fault: Fault) => change.mutate({ faults: faults.filter((other) => !isSameCall(other, fault)) });
  return (
    <Card title="Make it fail" note="fault injection, on this embedded profile only">
      <p className={classes.explain}>
        Sample services that run beside this console take this up at once: a share of the calls fails, or each call
        waits.
      </p>
      {error !== null && <ErrorStrip what="The faults can't be read." error={error} onRetry={() => void refetch()} />}
      {change.error !== null && <ErrorStrip what="Not changed." error={change.error} />}
      {!readOnly && <FaultForm service={service} functions={functions} busy={change.isPending} onSet={replace} />}
      {own.length > 0 && (
        <ul className={`${classes.list} ${classes.faults}`}>
          {own.map((fault) => (
            <li key={fault.function}>
              <IconFlask size={16} aria-hidden />
              <span className={classes.grow}>
                <b>{fault.function === "*" ? "every function" : fault.function}</b> {describeFault(fault)}
              </span>
              {!readOnly && (
                <ActionIcon aria-label={`Stop the fault of ${fault.function}`} onClick={() => remove(fault)}>
                  <IconTrash size={16} />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

interface FaultFormProps {
  service: string;
  functions: readonly string[];
  busy: boolean;
  onSet: (fault: Fault) => void;
}

function FaultForm({ service, functions, busy, onSet }: FaultFormProps) {
  const [name, setName] = useState<string>(functions[0] ?? "*");
  const [share, setShare] = useState<string | number>(100);
  const [delay, setDelay] = useState<string | number>(0);
  const [message, setMessage] = useState("");
  const rate = Number(share) / 100;
  const delayMs = Number(delay);
  return (
    <form
      className={classes.faultForm}
      onSubmit={(event) => {
        event.preventDefault();
        onSet({ service, function: name, rate, delay_ms: delayMs, message: message.trim() || undefined });
      }}
    >
      <Select
        label="Function"
        data={[{ value: "*", label: "every function" }, ...functions]}
        value={name}
        onChange={(next) => setName(next ?? "*")}
        allowDeselect={false}
      />
      <NumberInput label="Fails, in %" min={0} max={100} value={share} onChange={setShare} clampBehavior="strict" />
      <NumberInput
        label="Waits, in ms"
        min={0}
        max={3_600_000}
        step={100}
        value={delay}
        onChange={setDelay}
        clampBehavior="strict"
      />
      <TextInput
        label="Error message"
        placeholder="as the service has it"
        maxLength={500}
        value={message}
        onChange={(event) => setMessage(event.currentTarget.value)}
      />
      <Button type="submit" loading={busy} disabled={rate === 0 && delayMs === 0}>
        Make it so
      </Button>
    </form>
  );
}

function describeFault({ rate, delay_ms, message }: Fault): string {
  const parts: string[] = [];
  if (rate > 0) parts.push(`fails ${percent(rate)} of its calls${message === undefined ? "" : ` with “${message}”`}`);
  if (delay_ms > 0) parts.push(`waits ${duration(delay_ms)}`);
  return parts.join(" and ");
}

function isSameCall(left: Fault, right: Fault): boolean {
  return left.service === right.service && left.function === right.function;
}
