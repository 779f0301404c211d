import classes from "./journey.module.css";
import type { Why } from "./why.ts";

/** The chain of causes, above the evidence. The steps it names lead to them. */
export function WhyBanner({ why, onStep }: { why: Why; onStep: (id: string) => void }) {
  return (
    <section className={classes.why} data-tone={why.tone} aria-label="Why">
      <b>Why:</b>{" "}
      {why.pieces.map(({ text, step, strong }, index) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces are a text, made anew each time
        if (step !== undefined) return <StepLink key={index} text={text} onClick={() => onStep(step)} />;
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        return strong ? <b key={index}>{text}</b> : <span key={index}>{text}</span>;
      })}
    </section>
  );
}

function StepLink({ text, onClick }: { text: string; onClick: () => void }) {
  return (
    <button type="button" className={classes.stepLink} onClick={onClick}>
      {text}
    </button>
  );
}
