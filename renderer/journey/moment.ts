/**
 * The moment that the page shows: live, or a seq of the past. Kept beside the address (`?seq=`), which follows when the
 * cursor rests: a drag over the time line must not write the address a hundred times.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useAddress } from "./address.ts";
import type { History } from "./history.ts";

const REST_MS = 250;

export interface Moment {
  /** The seq shown. */
  seq: number;
  live: boolean;
  /** Shows the moment after this event; the last one is live. */
  goTo(seq: number): void;
  goLive(): void;
}

export function useMoment(history: History): Moment {
  const address = useAddress();
  const last = history.events.length;
  const [cursor, setCursor] = useState<number | undefined>(() => seqOf(address.get("seq"), last));
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => () => clearTimeout(timer.current), []);

  const { write } = address;
  const set = useCallback(
    (seq: number | undefined) => {
      setCursor(seq);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => write({ seq: seq === undefined ? undefined : String(seq) }), REST_MS);
    },
    [write],
  );

  return useMemo(() => {
    const seq = cursor === undefined ? last : Math.min(cursor, last);
    return {
      seq,
      live: cursor === undefined,
      goTo: (to) => set(to >= last ? undefined : Math.max(1, to)),
      goLive: () => set(undefined),
    };
  }, [cursor, last, set]);
}

function seqOf(text: string | null, last: number): number | undefined {
  if (text === null || !/^\d{1,9}$/.test(text)) return undefined;
  const seq = Math.max(1, Number(text));
  return seq >= last ? undefined : seq;
}
