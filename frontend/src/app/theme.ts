import { createTheme, type MantineColorsTuple } from "@mantine/core";

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
