/** The menu of the other actions. It is fetched when somebody reaches for it. */
import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { IconChevronDown } from "../parts/icons.ts";
import type { MoreMenuProps } from "./more-menu.tsx";

const MoreMenu = lazy(() => import("./more-menu.tsx").then((module) => ({ default: module.MoreMenu })));

export function MoreActions(props: MoreMenuProps) {
  const [wanted, setWanted] = useState(false);
  const button = (
    <Button rightSection={<IconChevronDown size={14} />} aria-haspopup="menu" onClick={() => setWanted(true)}>
      More
    </Button>
  );
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <MoreMenu {...props} />
    </Suspense>
  );
}
