import "./text";
import { Alert, Anchor, Breadcrumbs, Code, Group, NavLink, Paper, ScrollArea, Stack, Text } from "@mantine/core";
import { IconChevronRight, IconCornerLeftUp, IconFolder, IconFolderOff } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { got } from "../../api/jobs";
import type { Folder } from "../../api/schema";
import { Trouble } from "../../app/trouble";
import { above } from "./paths";

const ROW = 40;

function useFolder(path: string) {
  return useQuery({
    queryKey: ["folder", path],
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: async ({ signal }) => got((await api.GET("/api/libraries", { params: { query: { path } }, signal })).data),
  });
}

interface Props {
  /** The folder that is open, and so chosen; empty above the roots. */
  path: string;
  onPath: (path: string) => void;
}

/** Folders that may be read, one in another; the open one is the chosen one. */
export function Folders({ path, onPath }: Props) {
  const { t } = useTranslation("rescans");
  const roots = useFolder("");
  const folder = useFolder(path);
  const start = roots.data?.folders ?? [];
  const only = start.length === 1 ? start[0]?.path : undefined;
  useEffect(() => {
    if (!path && only) onPath(only);
  }, [path, only, onPath]);

  if (roots.data && start.length === 0) return <NoRoots />;
  return (
    <Stack gap="xs">
      <Breadcrumbs
        separator={<IconChevronRight size={14} aria-hidden />}
        separatorMargin={4}
        style={{ flexWrap: "wrap" }}
      >
        {start.length > 1 && (
          <Crumb current={path === ""} onClick={() => onPath("")}>
            {t("form.roots")}
          </Crumb>
        )}
        {above(
          path,
          start.map((each) => each.path),
        ).map((each) => (
          <Crumb key={each.path} current={each.path === path} onClick={() => onPath(each.path)}>
            {each.name}
          </Crumb>
        ))}
      </Breadcrumbs>
      {folder.isError && <Trouble error={folder.error} retry={() => void folder.refetch()} />}
      {folder.data && (
        <Inside key={folder.data.path} folder={folder.data} manyRoots={start.length > 1} onPath={onPath} />
      )}
      <Group gap="xs" justify="space-between" mih={22}>
        <Text size="sm" c="dimmed" role="status">
          {path === "" ? t("form.choose") : folder.data && t("form.here", { count: folder.data.pictures })}
        </Text>
        {folder.data?.more && (
          <Text size="sm" c="dimmed">
            {t("form.more")}
          </Text>
        )}
      </Group>
    </Stack>
  );
}

function Crumb({ current, onClick, children }: { current: boolean; onClick: () => void; children: React.ReactNode }) {
  if (current)
    return (
      <Text fw={600} size="sm" aria-current="location">
        {children}
      </Text>
    );
  return (
    <Anchor component="button" type="button" size="sm" onClick={onClick}>
      {children}
    </Anchor>
  );
}

interface InsideProps {
  folder: Folder;
  manyRoots: boolean;
  onPath: (path: string) => void;
}

function Inside({ folder, manyRoots, onPath }: InsideProps) {
  const { t } = useTranslation("rescans");
  const viewport = useRef<HTMLDivElement>(null);
  const up = folder.roots || (folder.parent === null && !manyRoots) ? null : (folder.parent ?? "");
  const upName = up === "" ? t("form.roots") : (up?.split("/").at(-1) ?? "");
  const entries = [
    ...(up === null ? [] : [{ path: up, name: t("form.up", { name: upName }), up: true }]),
    ...folder.folders.map((each) => ({ ...each, up: false })),
  ];
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW,
    overscan: 6,
  });
  const walk = (event: KeyboardEvent) => {
    if ((event.key === "Backspace" || event.key === "ArrowLeft") && up !== null) return onPath(up);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const to = step && Number((event.target as HTMLElement).dataset.index ?? 0) + step;
    if (to === undefined || to < 0 || to >= entries.length) return;
    event.preventDefault();
    rows.scrollToIndex(to);
    requestAnimationFrame(() => viewport.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus());
  };
  return (
    <Paper withBorder>
      <ScrollArea h={220} viewportRef={viewport} type="auto">
        {entries.length === 0 && (
          <Text size="sm" c="dimmed" p="md">
            {t("form.noFolders")}
          </Text>
        )}
        {/* biome-ignore lint/a11y/useSemanticElements: rows that are not there cannot be items of a list */}
        <div
          role="group"
          aria-label={t("form.folder")}
          onKeyDown={walk}
          style={{ position: "relative", height: rows.getTotalSize() }}
        >
          {rows.getVirtualItems().map(({ index, start }) => {
            const entry = entries[index];
            return (
              entry && (
                <NavLink
                  key={entry.path}
                  component="button"
                  type="button"
                  data-index={index}
                  onClick={() => onPath(entry.path)}
                  label={entry.name}
                  leftSection={
                    entry.up ? (
                      <IconCornerLeftUp size={18} aria-hidden />
                    ) : (
                      <IconFolder size={18} stroke={1.6} aria-hidden />
                    )
                  }
                  rightSection={!entry.up && <IconChevronRight size={16} stroke={1.6} aria-hidden />}
                  style={{ position: "absolute", top: 0, transform: `translateY(${start}px)`, height: ROW }}
                />
              )
            );
          })}
        </div>
      </ScrollArea>
    </Paper>
  );
}

function NoRoots() {
  const { t } = useTranslation("rescans");
  return (
    <Alert color="yellow" icon={<IconFolderOff aria-hidden />} title={t("form.noRoots")}>
      <Stack gap="xs">
        <Text size="sm">{t("form.noRootsMore")}</Text>
        <Code block>LIBRARY_ROOTS=/photos:/archive darkroom up</Code>
      </Stack>
    </Alert>
  );
}
