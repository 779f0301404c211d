/** Signals nearer together than this are one wish: a terminal's Ctrl-C may arrive twice, by the terminal and passed on. */
const ONE_WISH_MS = 1_000;

/**
 * Resolves when this process is asked to end: by Ctrl-C, by a signal, or because the process it is tethered to has
 * ended, even by kill -9. Asked again a second later or more, it ends at once.
 */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const ask = () => {
      if (askedAt === undefined) askedAt = Date.now();
      else if (Date.now() - askedAt > ONE_WISH_MS) process.exit(1);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
    process.on("disconnect", ask);
    process.channel?.unref();
  });
}
