import { Anchor, Group, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { usePicture } from "../../../api/files";
import { pictureOf } from "../../../api/found";
import type { FaceResult, KnownPhoto } from "../../../api/schema";
import { Crop } from "../../../parts/crop";
import photos from "../../photos/photos.module.css";
import { linkTo } from "../sought";
import { LARGE } from "./picture";

interface Props {
  photo: KnownPhoto;
  faces: readonly FaceResult[];
  lit: string | null;
  onLight: (id: string | null) => void;
}

/** The faces of a photo; each leads to others like it, its name to the person. */
export function Faces({ photo: { sha256, width, height, people }, faces, lit, onLight }: Props) {
  const { t } = useTranslation("search");
  const { url } = usePicture(pictureOf(sha256, LARGE));
  const known = new Map(people.map((person) => [person.box.join(), person]));
  return (
    <Stack gap="xs" component="section">
      <Title order={3} size="h5">
        {t("photos:facesFound")}
      </Title>
      {faces.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("photos:noFaces")}
        </Text>
      )}
      <Group gap="sm" align="flex-start">
        {faces.map(({ box }, index) => {
          const id = `face-${index}`;
          const person = known.get(box.join());
          const name = person?.name ?? t("photos:faceNumber", { number: index + 1 });
          return (
            <Stack key={id} gap={2} align="center" maw={84}>
              <UnstyledButton
                component={Link}
                to={linkTo({ face: `${sha256}:${index}` })}
                className={photos.face}
                data-lit={lit === id || undefined}
                aria-label={t("sameFace", { name })}
                title={t("sameFace", { name })}
                onPointerEnter={() => onLight(id)}
                onPointerLeave={() => onLight(null)}
                onFocus={() => onLight(id)}
                onBlur={() => onLight(null)}
              >
                <Crop url={url} box={box} width={width} height={height} />
              </UnstyledButton>
              {person && (
                <Anchor component={Link} to={`/people/${person.id}`} size="xs" ta="center">
                  {person.name ?? t("unnamed")}
                </Anchor>
              )}
            </Stack>
          );
        })}
      </Group>
    </Stack>
  );
}
