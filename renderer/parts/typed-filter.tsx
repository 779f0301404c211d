import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useShortcut } from "../frame/shortcuts.ts";
import { IconSearch } from "./icons.ts";

/** Typing changes the list when it has paused for so long. */
const TYPING_MS = 250;

interface TypedFilterProps {
  /** What is looked in, for screen readers and on hover. */
  label: string;
  placeholder: string;
  className?: string;
  value: string | undefined;
  /** Called when typing pauses; undefined for nothing. */
  onChange: (value: string | undefined) => void;
  /** What `/` does, if it puts the cursor here. */
  shortcut?: string;
}

/** A filter that is typed. It follows its value when that is changed from elsewhere: a link, a saved view, Clear. */
export function TypedFilter({ label, placeholder, className, value, onChange, shortcut }: TypedFilterProps) {
  const [typed, setTyped] = useState(value ?? "");
  const input = useRef<HTMLInputElement>(null);
  const sent = useRef(value);
  const send = useDebouncedCallback((text: string) => {
    sent.current = text.trim() || undefined;
    onChange(sent.current);
  }, TYPING_MS);
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setTyped(value ?? "");
  }, [value]);
  return (
    <>
      {shortcut !== undefined && <FocusShortcut does={shortcut} onPress={() => input.current?.focus()} />}
      <TextInput
        ref={input}
        type="search"
        aria-label={label}
        title={label}
        placeholder={placeholder}
        className={className}
        leftSection={shortcut === undefined ? undefined : <IconSearch size={15} />}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          send(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") send.flush();
        }}
      />
    </>
  );
}

function FocusShortcut({ does, onPress }: { does: string; onPress: () => void }) {
  useShortcut({ keys: "/", does, group: "This page", run: onPress });
  return null;
}
