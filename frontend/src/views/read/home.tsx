import { Container, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Drop } from "./drop";
import { History } from "./history";
import { Options } from "./options";
import { Parcels } from "./parcels";
import { PLAIN, send, wrong } from "./send";

/** Where documents are sent from, and where those that were sent are found again. */
export function Home() {
  const { t } = useTranslation("read");
  const navigate = useNavigate();
  const [wish, setWish] = useState(PLAIN);
  const take = async (files: File[]) => {
    const problem = wrong(wish);
    if (problem) return notifications.show({ color: "red", message: t(`wrong.${problem}`) });
    const [job] = await send(files, wish);
    if (files.length === 1 && job && location.pathname === "/") navigate(`/read/${job}`);
  };
  return (
    <Container size="md" px={0}>
      <Stack gap="xl">
        <Stack gap={4}>
          <Title order={1} size="h2">
            {t("title")}
          </Title>
          <Text c="dimmed">{t("lead")}</Text>
        </Stack>
        <Stack gap="sm">
          <Drop onFiles={take} />
          <Options wish={wish} onWish={setWish} />
        </Stack>
        <Parcels />
        <History />
      </Stack>
    </Container>
  );
}
