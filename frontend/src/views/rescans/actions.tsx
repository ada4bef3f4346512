import { Button, Group, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconPlayerPause, IconPlayerPlay, IconRefresh, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Action } from "../../api/jobs";
import type { Job } from "../../api/schema";
import { actions } from "./states";
import { useChange } from "./watch";

const ICONS = { pause: IconPlayerPause, resume: IconPlayerPlay, cancel: IconX, retry: IconRefresh };

/** What a person can do with a job now; cancelling asks first. */
export function Actions({ job, name, size = "xs" }: { job: Job; name: string; size?: string }) {
  const { t } = useTranslation("rescans");
  const change = useChange(job.task_id);
  const [asking, { open, close }] = useDisclosure();
  const run = (action: Action) =>
    change.mutate(action, { onError: (error) => notifications.show({ color: "red", message: error.message }) });
  if (actions(job).length === 0) return null;
  return (
    <Group gap="xs">
      {actions(job).map((action) => {
        const Icon = ICONS[action];
        return (
          <Button
            key={action}
            size={size}
            variant={action === "resume" ? "filled" : "default"}
            leftSection={<Icon size={16} aria-hidden />}
            aria-label={t("actionFor", { action: t(`actions.${action}`), name })}
            loading={change.isPending && change.variables === action}
            onClick={() => (action === "cancel" ? open() : run(action))}
          >
            {t(`actions.${action}`)}
          </Button>
        );
      })}
      <Modal opened={asking} onClose={close} title={name} centered closeButtonProps={{ "aria-label": t("cancelNo") }}>
        <Text mb="md">{t("cancelSure")}</Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            {t("cancelNo")}
          </Button>
          <Button
            color="red"
            onClick={() => {
              close();
              run("cancel");
            }}
          >
            {t("cancelYes")}
          </Button>
        </Group>
      </Modal>
    </Group>
  );
}
