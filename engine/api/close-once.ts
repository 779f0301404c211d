/** Closes what was opened, the last first; one failure doesn't keep the rest open. Safe to call twice. */
export function closeOnce(closers: (() => void | Promise<void>)[]): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const run = async () => {
    const failures: unknown[] = [];
    for (let closer = closers.pop(); closer; closer = closers.pop()) {
      try {
        await closer();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  return () => {
    closed ??= run();
    return closed;
  };
}
