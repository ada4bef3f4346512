import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { download } from "../../api/files";

const FORMATS = ["jsonl", "csv", "parquet"] as const;

/** Results of a job as a file. */
export function Exports({ job }: { job: string }) {
  const { t } = useTranslation("rescans");
  const [busy, setBusy] = useState(false);
  const fetchAs = async (format: string) => {
    setBusy(true);
    try {
      await download(`/api/jobs/${job}/results.${format}`, `darkroom-${job.slice(0, 8)}.${format}`);
    } catch (error) {
      notifications.show({ color: "red", message: String(error instanceof Error ? error.message : error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" loading={busy} leftSection={<IconDownload size={16} aria-hidden />}>
          {t("exports")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((format) => (
          <Menu.Item key={format} onClick={() => void fetchAs(format)}>
            {t(`formats.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
