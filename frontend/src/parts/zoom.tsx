import { ActionIcon, Group } from "@mantine/core";
import { IconMaximize, IconMinus, IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { TransformComponent, TransformWrapper, useControls } from "react-zoom-pan-pinch";
import classes from "./zoom.module.css";

/** A picture, whole at first, that can be drawn nearer and moved. `ratio` is its width by its height, where that is known. */
export function Zoom({ ratio, children }: { ratio: number | null; children: ReactNode }) {
  const width = ratio ? `min(100cqw, calc(100cqh * ${ratio}))` : "100%";
  return (
    <div className={classes.zoom}>
      <TransformWrapper minScale={1} maxScale={10} doubleClick={{ mode: "toggle" }} centerZoomedOut>
        <Controls />
        <TransformComponent wrapperClass={classes.wrapper ?? ""} contentClass={classes.content ?? ""}>
          <div style={{ width }}>{children}</div>
        </TransformComponent>
      </TransformWrapper>
    </div>
  );
}

function Controls() {
  const { t } = useTranslation("read");
  const { zoomIn, zoomOut, resetTransform } = useControls();
  const buttons = [
    { label: t("zoomIn"), Icon: IconPlus, act: () => zoomIn() },
    { label: t("zoomOut"), Icon: IconMinus, act: () => zoomOut() },
    { label: t("zoomReset"), Icon: IconMaximize, act: () => resetTransform() },
  ];
  return (
    <Group gap={4} className={classes.controls}>
      {buttons.map(({ label, Icon, act }) => (
        <ActionIcon key={label} variant="default" aria-label={label} onClick={act}>
          <Icon size={16} />
        </ActionIcon>
      ))}
    </Group>
  );
}
