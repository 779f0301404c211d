import { Fragment } from "react";

/** A name that may be broken after its dots and underscores rather than anywhere. */
export function Breakable({ text }: { text: string }) {
  return text.split(/(?<=[._/-])/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
