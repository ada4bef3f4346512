import { Anchor, Group, Stack, Text, Title, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconFaceId, IconPhotoOff, IconTextRecognition } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { usePicture } from "../../api/files";
import { previewOf } from "../../api/jobs";
import type { ItemFrame } from "../../api/schema";
import classes from "./rescans.module.css";

/** A browser holds all photos of an album with their vectors. */
const LARGEST_ALBUM = 5000;

/** The newest photos of a job, each with what was found in it. */
export function Strip({ job, total, newest }: { job: string; total: number; newest: ItemFrame[] }) {
  const { t } = useTranslation("rescans");
  return (
    <Stack gap="xs" component="section">
      <Group justify="space-between">
        <Title order={3} size="h4">
          {t("newest")}
        </Title>
        {newest.length > 0 && total <= LARGEST_ALBUM && (
          <Anchor component={Link} to={`/photos/${job}`} size="sm">
            {t("openAlbum")}
          </Anchor>
        )}
      </Group>
      {newest.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("newestMore")}
        </Text>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <section className={classes.strip} tabIndex={0} aria-label={t("newest")}>
        {newest.map((item) => (
          <Small key={item.item_id} job={job} item={item} />
        ))}
      </section>
    </Stack>
  );
}

function Small({ job, item }: { job: string; item: ItemFrame }) {
  const { url, isError } = usePicture(previewOf(job, item.item_id));
  const lines = item.results?.ocr?.lines.length ?? 0;
  const faces = item.results?.face?.length ?? 0;
  const about = item.error?.message ?? item.results?.ocr?.text;
  return (
    <Tooltip
      label={`${item.name}${about ? `\n${about.slice(0, 300)}` : ""}`}
      multiline
      maw={340}
      className={classes.tip ?? ""}
    >
      <div className={classes.small}>
        {url ? (
          <img src={url} alt={item.name} decoding="async" />
        ) : (
          isError && <IconPhotoOff stroke={1.2} aria-label={item.name} />
        )}
        <span className={classes.marks} aria-hidden>
          {item.status === "failed" && <IconAlertTriangle size={16} className={classes.bad} />}
          {lines > 0 && (
            <span>
              <IconTextRecognition size={13} />
              {lines}
            </span>
          )}
          {faces > 0 && (
            <span>
              <IconFaceId size={13} />
              {faces}
            </span>
          )}
        </span>
      </div>
    </Tooltip>
  );
}
