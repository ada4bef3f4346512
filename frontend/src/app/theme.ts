import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The red of a darkroom's safelight. */
const lamp: MantineColorsTuple = [
  "#fff0ee",
  "#fbdcd8",
  "#f3b6b0",
  "#ec8d84",
  "#e66a5f",
  "#e35447",
  "#d63c30",
  "#b3261e",
  "#8f1c16",
  "#6d120e",
];

export const theme = createTheme({
  primaryColor: "lamp",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  colors: { lamp },
  defaultRadius: "md",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans SC", "PingFang SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Code", "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace',
  headings: { fontWeight: "600" },
});

/** Mantine's quiet texts are too pale to be read by everybody (WCAG AA asks for a contrast of 4.5). */
export const readable: CSSVariablesResolver = ({ colors }) => {
  const tinted = Object.keys(colors).flatMap((name) => [
    [`--mantine-color-${name}-light`, `var(--mantine-color-${name}-0)`],
    [`--mantine-color-${name}-light-hover`, `var(--mantine-color-${name}-1)`],
    [`--mantine-color-${name}-light-color`, `color-mix(in srgb, var(--mantine-color-${name}-9), black 30%)`],
    [`--mantine-color-${name}-text`, `color-mix(in srgb, var(--mantine-color-${name}-9), black 15%)`],
  ]);
  return {
    variables: {},
    light: {
      ...Object.fromEntries(tinted),
      "--mantine-color-dimmed": "#5c636a",
      "--mantine-color-error": "var(--mantine-color-red-9)",
    },
    dark: {
      "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
      "--mantine-color-error": "var(--mantine-color-red-4)",
    },
  };
};
