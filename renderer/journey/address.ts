/** What the page keeps in its address, so that a colleague sees the same: the step, the tab, the moment. */
import { useCallback, useMemo } from "react";
import { useNavigate, useSearchParams } from "react-router";

type Name = "step" | "tab" | "seq";

export interface Address {
  get(name: Name): string | null;
  /** Replaces these parameters and leaves the others; undefined takes one away. */
  write(changes: Partial<Record<Name, string | undefined>>): void;
}

export function useAddress(): Address {
  const navigate = useNavigate();
  const [parameters] = useSearchParams();
  const write = useCallback(
    (changes: Partial<Record<Name, string | undefined>>) => {
      // From the address as it is now, not as it was at the last drawing: writes may come late, from a timer.
      const next = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined) next.delete(name);
        else next.set(name, value);
      }
      const search = next.toString();
      if (search === new URLSearchParams(window.location.search).toString()) return;
      void navigate({ search, hash: window.location.hash }, { replace: true, preventScrollReset: true });
    },
    [navigate],
  );
  return useMemo(() => ({ get: (name) => parameters.get(name), write }), [parameters, write]);
}
