import { Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

export default function Read() {
  const { t } = useTranslation("read");
  return <Title order={2}>{t("title")}</Title>;
}
