import { Alert, Center, Loader, Stack, Text, VisuallyHidden } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Fault } from "../../api/client";
import type { Job } from "../../api/schema";
import { Trouble } from "../../app/trouble";
import classes from "./document.module.css";
import { numbers } from "./frames";
import { Head } from "./head";
import { useItems } from "./items";
import { useJob } from "./job";
import { Locked } from "./locked";
import { Panes } from "./panes";
import { type Followed, useReading } from "./reading";

/** A document while it is read and afterwards, the same either way. */
export function Document({ id }: { id: string }) {
  const { t } = useTranslation("read");
  const [run, setRun] = useState(0);
  const job = useJob(id);
  const followed = useReading(id, run);
  const { reading, connected, error } = followed;
  const items = useItems(id, reading);
  const gone = error ?? (job.error instanceof Fault && !job.error.passing ? job.error : null);
  if (gone && !job.data) return <Trouble error={gone} />;
  return (
    <Stack gap="sm" className={classes.document}>
      <Head id={id} job={job.data} reading={reading} items={items} onRetried={() => setRun(run + 1)} />
      {!connected && !error && (
        <Alert color="yellow" p="xs" icon={<IconPlugConnectedX />} role="status">
          {t("lost")}
        </Alert>
      )}
      {error != null && <Trouble error={error} retry={() => setRun(run + 1)} />}
      {numbers(reading).length ? (
        <Panes id={id} followed={followed} items={items} />
      ) : (
        <Before job={job.data} followed={followed} />
      )}
      <VisuallyHidden role="status">
        {reading.ended ? t("allRead") : t("pagesOf", { done: ended(followed), total: reading.total ?? "?" })}
      </VisuallyHidden>
    </Stack>
  );
}

/** Where there is no page to be shown: not yet, or never. */
function Before({ job, followed: { reading } }: { job: Job | undefined; followed: Followed }) {
  const { t } = useTranslation("read");
  if (job?.error?.code === "pdf_password") return <Locked job={job} />;
  if (reading.error ?? job?.error) return <Trouble error={new Error(reading.error ?? job?.error?.message)} />;
  if (reading.ended) return <Text c="dimmed">{t("noPages")}</Text>;
  return (
    <Center flex={1} mih={240} role="status">
      <Stack align="center" gap="sm">
        <Loader type="dots" />
        <Text c="dimmed" ta="center">
          {t(reading.total === null ? "counting" : job?.state === "running" ? "first" : "waiting")}
        </Text>
      </Stack>
    </Center>
  );
}

function ended({ reading }: Followed): number {
  return Object.values(reading.pages).filter(({ state }) => state === "done" || state === "failed").length;
}
