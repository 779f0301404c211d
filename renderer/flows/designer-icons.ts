/** Icons that only the designer uses, each from its own file (see modules.d.ts). */

export { default as IconUndo } from "@tabler/icons-react/dist/esm/icons/IconArrowBack.mjs";
export { default as IconRedo } from "@tabler/icons-react/dist/esm/icons/IconArrowForward.mjs";
export { default as IconFit } from "@tabler/icons-react/dist/esm/icons/IconArrowsMaximize.mjs";
export { default as IconPivot } from "@tabler/icons-react/dist/esm/icons/IconFlag.mjs";
export { default as IconCondition } from "@tabler/icons-react/dist/esm/icons/IconGitBranch.mjs";
export { default as IconLayout } from "@tabler/icons-react/dist/esm/icons/IconHierarchy2.mjs";
export { default as IconMinus } from "@tabler/icons-react/dist/esm/icons/IconMinus.mjs";
export { default as IconPlus } from "@tabler/icons-react/dist/esm/icons/IconPlus.mjs";
export { default as IconRetry } from "@tabler/icons-react/dist/esm/icons/IconRepeat.mjs";
