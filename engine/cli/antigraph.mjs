#!/usr/bin/env node
// The command `antigraph`. Plain JavaScript that any Node can parse; the rest runs on the pinned Node.

import { onPinnedNode } from "./pinned-node.mjs";

/** A handle that somebody forgot to close must not keep a finished command alive. */
const LINGER_MS = 2_000;

if (onPinnedNode(import.meta.url, { tethered: true })) {
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2));
  setTimeout(() => process.exit(), LINGER_MS).unref();
}
