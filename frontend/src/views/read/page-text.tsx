import { Alert, Badge, Group, Loader, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Item } from "../../api/schema";
import { Lines } from "../../parts/markdown/markdown";
import { Blocks } from "./blocks";
import classes from "./document.module.css";
import type { Page } from "./frames";
import type { Lit } from "./panes";

interface Props {
  id: string;
  page: Page;
  item: Item | undefined;
  raw: boolean;
  lit: number | null;
  onLight: (lit: Lit | null) => void;
}

/** One page's text, and how it came about. */
export const PageText = memo(function PageText({ id, page, item, raw, lit, onLight }: Props) {
  const { t } = useTranslation("read");
  const found = page.state === "done" ? item?.results?.document : undefined;
  const text = found?.markdown ?? page.text;
  return (
    <article className={classes.page} aria-busy={page.state === "reading"}>
      <PageHead page={page} known={(item?.cached.length ?? 0) > 0} />
      {page.error && (
        <Alert color="red" icon={<IconAlertTriangle />} mb="sm" p="xs">
          {page.error}
        </Alert>
      )}
      {!text.trim() && page.state === "reading" && <Lines />}
      {!text.trim() && page.state === "done" && (
        <Text c="dimmed" size="sm">
          {t("nothing")}
        </Text>
      )}
      {raw ? (
        <pre className={classes.raw}>{text}</pre>
      ) : (
        <Blocks id={id} page={page.number} text={text} found={found ?? null} lit={lit} onLight={onLight} />
      )}
    </article>
  );
});

function PageHead({ page, known }: { page: Page; known: boolean }) {
  const { t } = useTranslation("read");
  return (
    <div className={classes.pageHead}>
      <Group gap="xs">
        <Title order={2} size="sm" c="dimmed" fw={550}>
          {t("page", { number: page.number })}
        </Title>
        {page.state === "reading" && <Loader size={14} type="dots" aria-label={t("reading")} />}
        {(page.state === "stopped" || page.state === "failed") && (
          <Badge color={page.state === "failed" ? "red" : "gray"} variant="light" size="sm">
            {t(page.state === "failed" ? "state.failed" : "stopped")}
          </Badge>
        )}
        {page.engine && (
          <Text size="xs" c="dimmed">
            {t("readBy", { engine: page.engine === "classic" ? t("classic") : page.engine })}
            {known && ` · ${t("known")}`}
          </Text>
        )}
      </Group>
      {page.notes.map((note) => (
        <Text key={note} size="xs" className={classes.note}>
          {note}
        </Text>
      ))}
    </div>
  );
}
