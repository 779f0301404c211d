import { Suspense, useEffect, useRef } from "react";
import { Outlet, useLocation, useNavigate } from "react-router";
import { ErrorBoundary } from "../parts/error-boundary.tsx";
import { SkeletonRows } from "../parts/states.tsx";
import { useProfile } from "../queries.ts";
import { isStale, useReach } from "../reach.ts";
import { StartSheetHost } from "../start/start-sheet-host.tsx";
import { Banners } from "./banners.tsx";
import classes from "./frame.module.css";
import { Navigation, PAGES, PROFILES_PAGE } from "./navigation.tsx";
import { PaletteHost } from "./palette-host.tsx";
import { ProfileSheetsHost } from "./profile-control.tsx";
import { listenForShortcuts, useShortcut } from "./shortcuts.ts";
import { ShortcutsHelp } from "./shortcuts-help.tsx";
import { TopBar } from "./top-bar.tsx";

/** What stands around every page. */
export function Frame() {
  const { pathname } = useLocation();
  const profile = useProfile();
  const stale = isStale(useReach());
  const main = useRef<HTMLElement>(null);
  const firstPath = useRef(pathname);

  useEffect(() => listenForShortcuts(), []);

  useEffect(() => {
    if (profile !== undefined) document.documentElement.dataset.environment = profile.environment;
  }, [profile]);

  // Another tab, or another console of this folder, has opened another profile: nothing of the former one may stay.
  const name = profile?.name;
  const firstName = useRef(name);
  useEffect(() => {
    firstName.current ??= name;
    if (name !== undefined && name !== firstName.current) location.assign("/journeys");
  }, [name]);

  // A new page begins at its top, for the eyes and for the keyboard.
  useEffect(() => {
    if (firstPath.current === pathname) return;
    firstPath.current = pathname;
    main.current?.focus({ preventScroll: true });
    main.current?.scrollTo(0, 0);
  }, [pathname]);

  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#main">
        Skip to the page
      </a>
      <TopBar />
      <Navigation />
      <main id="main" ref={main} tabIndex={-1} className={classes.main} data-stale={stale || undefined}>
        <Banners />
        <ErrorBoundary key={pathname}>
          <Suspense fallback={<SkeletonRows rows={12} />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
      <StartSheetHost />
      <ProfileSheetsHost />
      <PaletteHost />
      <ShortcutsHelp />
      <PageShortcuts />
    </div>
  );
}

function PageShortcuts() {
  return [...PAGES, PROFILES_PAGE].map((page) => (
    <PageShortcut key={page.to} keys={page.keys} to={page.to} label={page.label} />
  ));
}

function PageShortcut({ keys, to, label }: { keys: string; to: string; label: string }) {
  const navigate = useNavigate();
  useShortcut({ keys, does: `Go to ${label}`, group: "Pages", run: () => void navigate(to) });
  return null;
}
