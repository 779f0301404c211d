import { useNotifications } from "@mantine/notifications";
import { lazy, Suspense, useState } from "react";

const Notifications = lazy(() =>
  import("./notices-corner.tsx").then((module) => ({ default: module.NoticesCorner })),
);

/** Short messages in the corner of the page. What draws them is fetched with the first one. */
export function Notices() {
  const { notifications } = useNotifications();
  const [wanted, setWanted] = useState(false);
  if (notifications.length > 0 && !wanted) setWanted(true);
  if (!wanted) return null;
  return (
    <Suspense>
      <Notifications />
    </Suspense>
  );
}
