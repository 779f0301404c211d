import { IconPlugConnected, IconPlugConnectedX } from "../parts/icons.ts";
import { Badge } from "../parts/status-badge.tsx";
import { useConnection } from "../stream.ts";

/** Whether changes arrive; says more in a strip above the page when they don't (banners.tsx). */
export function Connection() {
  const connection = useConnection();
  const [tone, word] =
    connection.kind === "live"
      ? (["ok", "live"] as const)
      : connection.kind === "connecting"
        ? (["dim", "connecting"] as const)
        : (["bad", "not connected"] as const);
  return (
    <span role="status">
      <Badge tone={tone} title={connection.kind === "live" ? "Changes arrive as they happen" : undefined}>
        {connection.kind === "lost" ? <IconPlugConnectedX size={15} /> : <IconPlugConnected size={15} />}
        {word}
      </Badge>
    </span>
  );
}
