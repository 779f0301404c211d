/** Everything below /flows. The designer, the graphs and the diff are chunks of their own. */
import { lazy } from "react";
import { Route, Routes } from "react-router";
import { NotFound } from "../frame/not-found.tsx";
import { FlowList } from "./flow-list.tsx";

const FlowPage = lazy(() => import("./flow-page.tsx").then((module) => ({ default: module.FlowPage })));
const ComparePage = lazy(() => import("./compare-page.tsx").then((module) => ({ default: module.ComparePage })));
const NewFlowPage = lazy(() => import("./designer-page.tsx").then((module) => ({ default: module.NewFlowPage })));
const DesignFlowPage = lazy(() =>
  import("./designer-page.tsx").then((module) => ({ default: module.DesignFlowPage })),
);

export function FlowsPage() {
  return (
    <Routes>
      <Route index element={<FlowList />} />
      <Route path="new/draw" element={<NewFlowPage />} />
      <Route path=":name" element={<FlowPage />} />
      <Route path=":name/design" element={<DesignFlowPage />} />
      <Route path=":name/compare" element={<ComparePage />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}
