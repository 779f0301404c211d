import { SideSheet } from "../parts/side-sheet.tsx";
import { createStore, useStore } from "../parts/store.ts";
import { type Shortcut, useRegisteredShortcuts, useShortcut } from "./shortcuts.ts";
import classes from "./shortcuts-help.module.css";

const opened = createStore(false);

export function openShortcutsHelp(): void {
  opened.set(true);
}

/** The help that `?` opens: what works on this page now. */
export function ShortcutsHelp() {
  const shown = useStore(opened);
  const shortcuts = useRegisteredShortcuts();
  useShortcut({ keys: "?", does: "Show this help", group: "Everywhere", run: openShortcutsHelp });
  const groups = Map.groupBy(shortcuts, ({ group }) => group);
  return (
    <SideSheet opened={shown} onClose={() => opened.set(false)} title="Keyboard shortcuts" width={420}>
      {[...groups].map(([group, entries]) => (
        <section key={group}>
          <h3 className={classes.group}>{group}</h3>
          <dl className={classes.list}>
            {group === "Everywhere" && <Row keys="Ctrl K" does="Find a journey, a flow, an action" />}
            {unique(entries).map(({ keys, does }) => (
              <Row key={keys} keys={keys} does={does} />
            ))}
          </dl>
        </section>
      ))}
    </SideSheet>
  );
}

function Row({ keys, does }: { keys: string; does: string }) {
  return (
    <div className={classes.row}>
      <dt>{does}</dt>
      <dd>
        {keys.split(" ").map((key) => (
          <kbd key={key} className={classes.key}>
            {key}
          </kbd>
        ))}
      </dd>
    </div>
  );
}

function unique(shortcuts: Shortcut[]): Shortcut[] {
  return [...new Map(shortcuts.map((shortcut) => [shortcut.keys, shortcut])).values()];
}
