/** The pages and their addresses. Each page is a folder and a chunk of its own. */
import { createBrowserRouter, Navigate } from "react-router";
import { Frame } from "./frame/frame.tsx";
import { NotFound } from "./frame/not-found.tsx";
import { PageError } from "./frame/page-error.tsx";

export function createRouter() {
  return createBrowserRouter([
    {
      element: <Frame />,
      errorElement: <PageError />,
      hydrateFallbackElement: <></>,
      children: [
        { index: true, element: <Navigate to="/journeys" replace /> },
        {
          path: "journeys",
          lazy: async () => ({ Component: (await import("./journeys/journeys-page.tsx")).JourneysPage }),
        },
        {
          path: "journeys/:uuid",
          lazy: async () => ({ Component: (await import("./journey/journey-page.tsx")).JourneyPage }),
        },
        {
          // Everything below /flows is the folder's own: list, a version, the designer, comparing.
          path: "flows/*",
          lazy: async () => ({ Component: (await import("./flows/flows-page.tsx")).FlowsPage }),
        },
        {
          path: "services",
          lazy: async () => ({ Component: (await import("./services/services-page.tsx")).ServicesPage }),
        },
        {
          path: "services/:service",
          lazy: async () => ({ Component: (await import("./services/service-page.tsx")).ServicePage }),
        },
        {
          path: "cluster",
          lazy: async () => ({ Component: (await import("./cluster/cluster-page.tsx")).ClusterPage }),
        },
        {
          // The records of one topic; ?partition= and ?offset= say where to look.
          path: "cluster/topics/:topic",
          lazy: async () => ({ Component: (await import("./cluster/topic-page.tsx")).TopicPage }),
        },
        {
          path: "activity",
          lazy: async () => ({ Component: (await import("./activity/activity-page.tsx")).ActivityPage }),
        },
        {
          // The list, and the form of a new profile or of one.
          path: "profiles/*",
          lazy: async () => ({ Component: (await import("./profiles/profiles-page.tsx")).ProfilesPage }),
        },
        { path: "*", element: <NotFound /> },
      ],
    },
  ]);
}
