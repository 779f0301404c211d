import { Notifications } from "@mantine/notifications";

/** Messages on the page at a time; the others wait. */
const SHOWN = 4;

export function NoticesCorner() {
  return <Notifications position="bottom-right" limit={SHOWN} />;
}
