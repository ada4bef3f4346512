import { Stack, Text, Title } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import { IconPhoto } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./photos.module.css";
import { Pick } from "./pick";
import { Recent } from "./recent";
import { Tasks } from "./tasks";

interface Props {
  tasks: string[];
  onTasks: (tasks: string[]) => void;
  ready: boolean;
  onFiles: (files: File[]) => void;
}

/** Where an album begins: photos come in here. */
export function Start({ tasks, onTasks, ready, onFiles }: Props) {
  const { t } = useTranslation("photos");
  return (
    <Stack gap="lg" maw={980}>
      <div>
        <Title order={2}>{t("title")}</Title>
        <Text c="dimmed">{t("intro")}</Text>
      </div>
      <Dropzone
        onDrop={onFiles}
        disabled={!ready}
        activateOnClick={false}
        activateOnKeyboard={false}
        enablePointerEvents
        className={classes.drop}
        tabIndex={-1}
        inputProps={{ "aria-hidden": true }}
      >
        <Stack align="center" gap="md">
          <IconPhoto size={56} stroke={1} className={classes.dropIcon} aria-hidden />
          <div>
            <Text size="lg" fw={600} ta="center">
              <Dropzone.Idle>{t("drop")}</Dropzone.Idle>
              <Dropzone.Accept>{t("dropHere")}</Dropzone.Accept>
            </Text>
            <Text size="sm" c="dimmed" ta="center">
              {t("dropMore")}
            </Text>
          </div>
          <Pick onFiles={onFiles} disabled={!ready} />
        </Stack>
      </Dropzone>
      <Stack gap={6}>
        <Tasks chosen={tasks} onChoose={onTasks} />
        {!ready && (
          <Text size="sm" c="red" role="status">
            {t("noTask")}
          </Text>
        )}
      </Stack>
      <Recent />
    </Stack>
  );
}
