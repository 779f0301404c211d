/** `a, b and c`, whatever the parts are. */
export function joinWords<T>(parts: readonly T[]): (T | string)[] {
  return parts.flatMap((part, index) => {
    if (index === 0) return [part];
    return [index === parts.length - 1 ? " and " : ", ", part];
  });
}
