import { Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

export default function Photos() {
  const { t } = useTranslation("photos");
  return <Title order={2}>{t("title")}</Title>;
}
