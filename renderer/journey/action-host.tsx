/** Opens the sheet of an action, and offers the actions in the command palette. The sheet is a chunk of its own. */
import { lazy, Suspense, useMemo } from "react";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import { usePaletteActions } from "../frame/palette-actions.ts";
import { shortId } from "../parts/format.ts";
import type { History } from "./history.ts";
import type { Offer } from "./offers.ts";

const ActionSheet = lazy(() =>
  import("./action/action-sheet.tsx").then((module) => ({ default: module.ActionSheet })),
);

interface ActionHostProps {
  history: History;
  flow: CompiledFlow | undefined;
  offers: Offer[];
  /** The one whose sheet is open. */
  offer: Offer | undefined;
  onOffer: (offer: Offer | undefined) => void;
}

export function ActionHost({ history, flow, offers, offer, onOffer }: ActionHostProps) {
  const palette = useMemo(
    () =>
      offers.map((each) => ({
        id: `journey ${each.id}`,
        label: `${each.label}…`,
        description: `${history.now.name} ${shortId(history.uuid)}`,
        keywords: "this journey action",
        run: () => onOffer(each),
      })),
    [offers, history, onOffer],
  );
  usePaletteActions(palette);
  if (offer === undefined || flow === undefined) return null;
  return (
    <Suspense fallback={null}>
      <ActionSheet
        key={offer.id}
        offer={offer}
        history={history}
        flow={flow}
        onClose={() => onOffer(undefined)}
        onOffer={onOffer}
      />
    </Suspense>
  );
}
