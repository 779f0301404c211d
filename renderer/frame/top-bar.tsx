import { ActionIcon, Tooltip, useMantineColorScheme } from "@mantine/core";
import { Link } from "react-router";
import { IconDeviceDesktop, IconKeyboard, IconMoon, IconSearch, IconSun } from "../parts/icons.ts";
import { Connection } from "./connection.tsx";
import classes from "./frame.module.css";
import { Logo } from "./logo.tsx";
import { ManagerControl } from "./manager-control.tsx";
import { openPalette } from "./palette-store.ts";
import { ProfileControl } from "./profile-control.tsx";
import { useShortcut } from "./shortcuts.ts";
import { openShortcutsHelp } from "./shortcuts-help.tsx";

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function TopBar() {
  return (
    <header className={classes.top}>
      <Link to="/journeys" className={classes.logo}>
        <Logo />
        <span className={classes.hideNarrow}>Antigraph</span>
      </Link>
      <ProfileControl />
      <ManagerControl />
      <div className={classes.grow} />
      <button type="button" className={classes.search} onClick={openPalette}>
        <IconSearch size={15} aria-hidden />
        <span className={classes.searchText}>Find a journey, a flow, an action</span>
        <kbd className={classes.key}>{isApple ? "⌘ K" : "Ctrl K"}</kbd>
      </button>
      <Connection />
      <Tooltip label="Keyboard shortcuts (?)">
        <ActionIcon onClick={openShortcutsHelp} aria-label="Keyboard shortcuts">
          <IconKeyboard size={18} />
        </ActionIcon>
      </Tooltip>
      <ThemeSwitch />
    </header>
  );
}

const SCHEMES = {
  auto: { next: "light", icon: IconDeviceDesktop, says: "Theme: as the system" },
  light: { next: "dark", icon: IconSun, says: "Theme: light" },
  dark: { next: "auto", icon: IconMoon, says: "Theme: dark" },
} as const;

function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { next, icon: Icon, says } = SCHEMES[colorScheme];
  useShortcut({ keys: "t", does: "Change the theme", group: "Everywhere", run: () => setColorScheme(next) });
  return (
    <Tooltip label={`${says} (t)`}>
      <ActionIcon onClick={() => setColorScheme(next)} aria-label={`${says}; change to ${SCHEMES[next].says}`}>
        <Icon size={18} />
      </ActionIcon>
    </Tooltip>
  );
}
