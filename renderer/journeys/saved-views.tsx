import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { useState } from "react";
import { IconBookmark, IconChevronDown, IconTrash } from "../parts/icons.ts";
import classes from "./saved-views.module.css";
import { BUILT_IN_VIEWS, readViews, removeView, type SavedView, saveView } from "./views.ts";

interface SavedViewsProps {
  /** The URL parameters of what is shown now. */
  search: string;
  onOpen: (search: string) => void;
}

export function SavedViews({ search, onOpen }: SavedViewsProps) {
  const [opened, setOpened] = useState(false);
  const [views, setViews] = useState<SavedView[]>(() => readViews());
  const [name, setName] = useState("");
  const open = (view: SavedView) => {
    setOpened(false);
    onOpen(view.search);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={320} shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button
          onClick={() => setOpened(!opened)}
          leftSection={<IconBookmark size={15} />}
          rightSection={<IconChevronDown size={14} />}
        >
          Saved views
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved views">
        <ul className={classes.list}>
          {BUILT_IN_VIEWS.map((view) => (
            <li key={view.name}>
              <OpenButton view={view} current={search} onOpen={open} />
            </li>
          ))}
        </ul>
        {views.length > 0 && (
          <ul className={`${classes.list} ${classes.own}`}>
            {views.map((view) => (
              <li key={view.name}>
                <OpenButton view={view} current={search} onOpen={open} />
                <ActionIcon
                  size="sm"
                  aria-label={`Remove the view ${view.name}`}
                  onClick={() => setViews(removeView(view.name))}
                >
                  <IconTrash size={15} />
                </ActionIcon>
              </li>
            ))}
          </ul>
        )}
        <form
          className={classes.save}
          onSubmit={(event) => {
            event.preventDefault();
            setViews(saveView({ name: name.trim(), search }));
            setName("");
          }}
        >
          <TextInput
            aria-label="Name of the view"
            placeholder="Save this view as…"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" disabled={name.trim() === ""}>
            Save
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

function OpenButton({
  view,
  current,
  onOpen,
}: {
  view: SavedView;
  current: string;
  onOpen: (view: SavedView) => void;
}) {
  const isCurrent = decodeURIComponent(current) === decodeURIComponent(view.search);
  return (
    <button
      type="button"
      className={classes.open}
      aria-current={isCurrent ? "true" : undefined}
      onClick={() => onOpen(view)}
    >
      {view.name}
    </button>
  );
}
