import { Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

export default function System() {
  const { t } = useTranslation("system");
  return <Title order={2}>{t("title")}</Title>;
}
