import { Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

export default function Rescans() {
  const { t } = useTranslation("rescans");
  return <Title order={2}>{t("title")}</Title>;
}
