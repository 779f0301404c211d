/** Opens the comparison; it and its editor are a chunk of their own. */
import { ActionIcon } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import type { IconArrowsDiff } from "../parts/icons.ts";

const CompareSheet = lazy(() => import("./compare-sheet.tsx").then((module) => ({ default: module.CompareSheet })));

interface CompareHostProps {
  uuid: string;
  /** The step to begin with; else the journey as a whole. */
  step?: string;
  onClose: () => void;
}

export function CompareHost(props: CompareHostProps) {
  return (
    <Suspense fallback={null}>
      <CompareSheet {...props} />
    </Suspense>
  );
}

export function CompareButton({
  uuid,
  step,
  icon: Icon,
}: {
  uuid: string;
  step: string;
  icon: typeof IconArrowsDiff;
}) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <ActionIcon
        onClick={() => setOpened(true)}
        aria-label="Compare with another step or journey"
        title="Compare with another step or journey"
      >
        <Icon size={16} />
      </ActionIcon>
      {opened && <CompareHost uuid={uuid} step={step} onClose={() => setOpened(false)} />}
    </>
  );
}
