import { Button, FileButton, Group } from "@mantine/core";
import { IconFolder, IconPhotoPlus } from "@tabler/icons-react";
import type { ComponentProps } from "react";
import { useTranslation } from "react-i18next";

/** An attribute that React's types do not know: a folder is chosen in place of files. */
const FOLDER = { webkitdirectory: "" } as ComponentProps<"input">;

interface Props {
  onFiles: (files: File[]) => void;
  disabled?: boolean;
  /** Less prominent, beside an album that is there already. */
  quiet?: boolean;
}

/** Buttons for choosing photos, or a folder of them. */
export function Pick({ onFiles, disabled = false, quiet = false }: Props) {
  const { t } = useTranslation("photos");
  return (
    <Group gap="xs" justify="center">
      <FileButton multiple onChange={onFiles} accept="image/*,.heic,.heif,.tif,.tiff,.jp2" disabled={disabled}>
        {(props) => (
          <Button
            {...props}
            disabled={disabled}
            variant={quiet ? "default" : "filled"}
            leftSection={<IconPhotoPlus size={18} aria-hidden />}
          >
            {quiet ? t("more") : t("choose")}
          </Button>
        )}
      </FileButton>
      {!quiet && (
        <FileButton multiple onChange={onFiles} disabled={disabled} inputProps={FOLDER}>
          {(props) => (
            <Button {...props} disabled={disabled} variant="default" leftSection={<IconFolder size={18} aria-hidden />}>
              {t("folder")}
            </Button>
          )}
        </FileButton>
      )}
    </Group>
  );
}
