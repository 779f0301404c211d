import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { RouterProvider } from "react-router/dom";
import { feedQueries } from "./live-queries.ts";
import { Notices } from "./notices.tsx";
import { createQueryClient } from "./queries.ts";
import { createRouter } from "./routes.tsx";
import { SessionGate } from "./session-gate.tsx";
import { startSharedStream } from "./stream.ts";
import { styleNonce } from "./theme/nonce.ts";
import { cssVariablesResolver, theme } from "./theme/theme.ts";

export function App() {
  const [queries] = useState(createQueryClient);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <Notices />
      <QueryClientProvider client={queries}>
        <SessionGate>
          <Console queries={queries} />
        </SessionGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** Mounted anew with each session, so that the stream opens with the token of that session. */
function Console({ queries }: { queries: ReturnType<typeof createQueryClient> }) {
  const [router] = useState(createRouter);
  useEffect(() => {
    const stream = startSharedStream();
    const stop = feedQueries(stream, queries);
    return () => {
      stop();
      stream.close();
    };
  }, [queries]);
  return <RouterProvider router={router} />;
}
