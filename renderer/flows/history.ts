/** Undo and redo: the document before and after each change. Bounded; plain data. */

/** How many changes can be undone. */
export const MAXIMUM_UNDO = 200;

export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** Successive changes with the same key (typing into one field) are one step back. */
  key?: string;
}

export function beginHistory<T>(present: T): History<T> {
  return { past: [], present, future: [] };
}

/** Records a change; the same value is none. With a `key`, changes that follow each other with it become one. */
export function record<T>(history: History<T>, present: T, key?: string): History<T> {
  if (present === history.present) return history;
  if (key !== undefined && key === history.key) return { ...history, present, future: [] };
  return { past: [...history.past, history.present].slice(-MAXIMUM_UNDO), present, future: [], key };
}

export function undo<T>(history: History<T>): History<T> {
  const present = history.past.at(-1);
  if (present === undefined) return history;
  return { past: history.past.slice(0, -1), present, future: [history.present, ...history.future] };
}

export function redo<T>(history: History<T>): History<T> {
  const [present, ...future] = history.future;
  if (present === undefined) return history;
  return { past: [...history.past, history.present], present, future };
}
