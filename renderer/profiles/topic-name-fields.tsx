/** Names of single topics, for clusters whose administrators name them: folded away, few need it. */
import { Input, TextInput } from "@mantine/core";
import { useState } from "react";
import { TOPIC_SETTINGS, topicNames, topicsBySetting } from "../../engine/core/topic-names.ts";
import type { ProfileFieldsProps } from "./profile-form.ts";
import classes from "./profiles.module.css";

export function TopicNameFields({
  form,
  errors,
  onChange,
}: Pick<ProfileFieldsProps, "form" | "errors" | "onChange">) {
  const usual = topicsBySetting(topicNames(form.prefix.trim()));
  // Stays open while somebody empties the last of them.
  const [isOpen, setOpen] = useState(() => TOPIC_SETTINGS.some((topic) => form.topics[topic] !== ""));
  return (
    <details
      className={`${classes.wide} ${classes.more}`}
      open={isOpen || errors.topics !== undefined}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>Advanced: names of single topics</summary>
      <p className={classes.small}>
        A whole name each, without the prefix. All who work on the cluster need the same.
      </p>
      {errors.topics !== undefined && <Input.Error>{errors.topics}</Input.Error>}
      <div className={classes.fields}>
        {TOPIC_SETTINGS.map((topic) => (
          <TextInput
            key={topic}
            label={topic}
            placeholder={usual[topic]}
            value={form.topics[topic]}
            onChange={(event) => {
              const name = event.currentTarget.value.trim();
              onChange({ ...form, topics: { ...form.topics, [topic]: name } });
            }}
            spellCheck={false}
            autoComplete="off"
            classNames={{ input: "ag-mono" }}
          />
        ))}
      </div>
    </details>
  );
}
