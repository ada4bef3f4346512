import { Button, CloseButton, Group, Modal, Text } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { IconFolder } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Folders } from "../rescans/folders";

interface Props {
  /** Empty for everywhere. */
  path: string;
  onPath: (path: string) => void;
}

/** The folder that a search stays in. */
export function InFolder({ path, onPath }: Props) {
  const { t } = useTranslation("search");
  const [opened, { open, close }] = useDisclosure();
  const small = useMediaQuery("(max-width: 48em)") ?? false;
  const name = path.split("/").at(-1);
  const choose = (chosen: string) => {
    close();
    onPath(chosen);
  };
  return (
    <Group gap={2} wrap="nowrap">
      <Button
        variant="default"
        fw={400}
        maw={260}
        leftSection={<IconFolder size={16} aria-hidden />}
        aria-label={t("inFolder", { name: path ? name : t("everywhere") })}
        title={path}
        onClick={open}
      >
        {path ? name : t("everywhere")}
      </Button>
      {path && <CloseButton aria-label={t("leaveFolder")} onClick={() => onPath("")} />}
      <Modal
        opened={opened}
        onClose={close}
        fullScreen={small}
        title={<Text fw={600}>{t("folder")}</Text>}
        closeButtonProps={{ "aria-label": t("close") }}
      >
        <Choice path={path} onChoose={choose} />
      </Modal>
    </Group>
  );
}

function Choice({ path, onChoose }: { path: string; onChoose: (path: string) => void }) {
  const { t } = useTranslation("search");
  const [at, setAt] = useState(path);
  return (
    <>
      <Folders path={at} onPath={setAt} />
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={() => onChoose("")}>
          {t("everywhere")}
        </Button>
        <Button disabled={!at} onClick={() => onChoose(at)}>
          {t("here")}
        </Button>
      </Group>
    </>
  );
}
