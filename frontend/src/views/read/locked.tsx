import { Button, Group, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Job } from "../../api/schema";
import { Trouble } from "../../app/trouble";
import { parcelOf, send } from "./send";

/** A PDF that wants a password; where the file is still at hand, it can be given here. */
export function Locked({ job }: { job: Job }) {
  const { t } = useTranslation("read");
  const navigate = useNavigate();
  const [password, setPassword] = useState("");
  const parcel = parcelOf(job.task_id);
  if (!parcel) return <Trouble error={new Error(job.error?.message)} />;
  const unlock = async (event: FormEvent) => {
    event.preventDefault();
    const [next] = await send([parcel.file], { ...parcel.wish, password });
    if (next) navigate(`/read/${next}`, { replace: true });
  };
  return (
    <Paper withBorder p="lg" maw={460} w="100%" mx="auto" mt="xl" component="form" onSubmit={unlock}>
      <Stack gap="md">
        <Group gap="xs">
          <IconLock size={20} aria-hidden />
          <Title order={2} size="h4">
            {t("locked")}
          </Title>
        </Group>
        <Text size="sm">{t("lockedText")}</Text>
        <PasswordInput
          label={t("password")}
          value={password}
          error={parcel.wish.password !== "" && t("lockedWrong")}
          autoComplete="off"
          data-autofocus
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" disabled={!password}>
          {t("unlock")}
        </Button>
      </Stack>
    </Paper>
  );
}
