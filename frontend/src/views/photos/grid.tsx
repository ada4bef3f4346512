import { Center, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Tiles } from "../../parts/tiles";
import type { Photo } from "./album";
import type { Shown } from "./choose";
import { Tile } from "./tile";

const NOTHING: Record<Shown, string> = { all: "none", text: "noneText", faces: "noneFaces", failed: "noneFailed" };

interface Props {
  photos: Photo[];
  shown: Shown;
  going: boolean;
  onOpen: (at: number) => void;
}

/** The photos of an album that are shown. */
export function Grid({ photos, shown, going, onOpen }: Props) {
  const { t } = useTranslation("photos");
  return (
    <>
      {photos.length === 0 && !going && (
        <Center mih={160}>
          <Text c="dimmed">{t(NOTHING[shown])}</Text>
        </Center>
      )}
      <Tiles items={photos} keyOf={({ at }) => at} label={t("grid")}>
        {(photo, place) => <Tile photo={photo} {...place} onOpen={onOpen} />}
      </Tiles>
    </>
  );
}
