import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { download } from "../../api/files";
import type { Job } from "../../api/schema";
import { numbers, type Reading } from "./frames";

/** The service draws no more pages for one file. */
const MOST_DRAWN = 200;

interface File {
  key: "markdown" | "json" | "zip" | "layout" | "raw";
  from: string;
  ending: string;
  part?: [number, number];
}

export function Downloads({ id, job, reading }: { id: string; job: Job; reading: Reading }) {
  const { t } = useTranslation("read");
  const [busy, setBusy] = useState(false);
  const name = (job.name || t("unnamed")).replace(/\.\w{1,5}$/, "");
  const take = async ({ from, ending }: File) => {
    setBusy(true);
    try {
      await download(`/api/jobs/${encodeURIComponent(id)}/${from}`, `${name}${ending}`);
    } catch (error) {
      notifications.show({ color: "red", message: error instanceof Error ? error.message : String(error) });
    }
    setBusy(false);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" loading={busy} leftSection={<IconDownload size={16} aria-hidden />}>
          {t("download")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {files(numbers(reading)).map((file) => (
          <Menu.Item key={file.from} onClick={() => take(file)}>
            {t(`files.${file.key}`)}
            {file.part && ` · ${t("files.part", { first: file.part[0], last: file.part[1] })}`}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function files(pages: number[]): File[] {
  return [
    { key: "markdown", from: "artifacts/document.md", ending: ".md" },
    { key: "json", from: "results.jsonl", ending: ".jsonl" },
    ...drawn("zip", "document", ".zip", pages),
    ...drawn("layout", "layout", ".pdf", pages),
    { key: "raw", from: "artifacts/raw.txt", ending: ".txt" },
  ];
}

/** What pages are drawn for comes in parts where there are many. */
function drawn(key: File["key"], what: string, ending: string, pages: number[]): File[] {
  if (pages.length <= MOST_DRAWN) return [{ key, from: `artifacts/${what}${ending}`, ending }];
  const parts: File[] = [];
  for (let at = 0; at < pages.length; at += MOST_DRAWN) {
    const [first = 0, last = 0] = [pages[at], pages[Math.min(at + MOST_DRAWN, pages.length) - 1]];
    const range = `-${first}-${last}${ending}`;
    parts.push({ key, from: `artifacts/${what}${range}`, ending: range, part: [first, last] });
  }
  return parts;
}
