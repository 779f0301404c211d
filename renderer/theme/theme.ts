/** Mantine on the console's palette: its variables point at the tokens of tokens.css. */
import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";

/** Shade 6 is the accent in light, shade 4 in dark; the others serve hover and light variants. */
const accent: MantineColorsTuple = [
  "#eef2ff",
  "#dfe6fd",
  "#c3d0fb",
  "#a8baff",
  "#8ea6ff",
  "#5f7ce8",
  "#3557d6",
  "#2c49b8",
  "#243c98",
  "#1c2f78",
];

const bad: MantineColorsTuple = [
  "#fdf1f0",
  "#fbe9e8",
  "#f6cbc8",
  "#ffa69e",
  "#ff8a80",
  "#d9534c",
  "#b92d27",
  "#9d2621",
  "#811f1b",
  "#651815",
];

/** Mantine's greys in dark, with the tokens' blue in them: inputs, disabled buttons, borders. */
const dark: MantineColorsTuple = [
  "#e6e9ef",
  "#c5cbd6",
  "#98a2b3",
  "#6b7587",
  "#323946",
  "#2b313c",
  "#20252e",
  "#1b1f27",
  "#14171d",
  "#0f1115",
];

/** Filled buttons take the tokens: their text must hold its contrast in both themes. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  if (input.variant !== "filled") return colors;
  const name =
    input.color === "bad" ? "bad" : input.color === undefined || input.color === "accent" ? "accent" : undefined;
  if (name === undefined) return colors;
  return {
    background: `var(--ag-${name})`,
    hover: `color-mix(in srgb, var(--ag-${name}) 88%, var(--ag-text))`,
    color: `var(--ag-on-${name})`,
    border: "1px solid transparent",
  };
};

export const theme = createTheme({
  variantColorResolver,
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 4 },
  colors: { accent, bad, dark },
  fontFamily: "var(--ag-font)",
  fontFamilyMonospace: "var(--ag-mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "19px" },
  headings: {
    fontFamily: "var(--ag-font)",
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "19px", lineHeight: "1.3" },
      h2: { fontSize: "16px", lineHeight: "1.35" },
      h3: { fontSize: "14px", lineHeight: "1.4" },
    },
  },
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "10px", xl: "14px" },
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
  focusRing: "auto",
  components: {
    Button: { defaultProps: { size: "xs", variant: "default" } },
    ActionIcon: { defaultProps: { size: "md", variant: "subtle", color: "gray" } },
    TextInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", checkIconPosition: "right" } },
    MultiSelect: { defaultProps: { size: "xs" } },
    Autocomplete: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Menu: { defaultProps: { shadow: "md" } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true } },
    Modal: { defaultProps: { centered: false, overlayProps: { backgroundOpacity: 0.35 } } },
  },
});

export const cssVariablesResolver: CSSVariablesResolver = () => {
  const ours = {
    "--mantine-color-body": "var(--ag-panel)",
    "--mantine-color-text": "var(--ag-text)",
    "--mantine-color-dimmed": "var(--ag-dim)",
    "--mantine-color-placeholder": "var(--ag-dim)",
    "--mantine-color-default": "var(--ag-panel)",
    "--mantine-color-default-hover": "var(--ag-hover)",
    "--mantine-color-default-color": "var(--ag-text)",
    "--mantine-color-default-border": "var(--ag-line-strong)",
    "--mantine-color-error": "var(--ag-bad)",
    "--mantine-color-anchor": "var(--ag-accent)",
  };
  return {
    variables: {
      "--input-size-xs": "32px",
      "--button-height-xs": "32px",
      "--button-fz-xs": "13px",
      "--input-fz-xs": "13px",
    },
    light: ours,
    dark: ours,
  };
};
