import { Skeleton, Stack } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { MarkdownProps } from "./safe";

const Safe = lazy(() => import("./safe"));

/** Markdown as a page; what it takes to show formulas and tables is fetched when it is first needed. */
export function Markdown(props: MarkdownProps) {
  return (
    <Suspense fallback={<Lines />}>
      <Safe {...props} />
    </Suspense>
  );
}

/** Text that is on its way. */
export function Lines() {
  return (
    <Stack gap={10} aria-hidden>
      {[92, 100, 96, 60].map((width) => (
        <Skeleton key={width} height={10} width={`${width}%`} radius="xl" />
      ))}
    </Stack>
  );
}
