import { TextInput, UnstyledButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Fault } from "../../api/client";
import { takeKeyboard } from "../../app/focus";
import classes from "./people.module.css";
import { useRename } from "./watch";

const LONGEST = 200;

interface Props {
  id: string;
  name: string | null;
  tabIndex?: number;
  /** As a heading is. */
  large?: boolean;
}

/** A person's name, given in its place: Enter keeps it, Escape leaves it as it was. */
export function Name({ id, name, tabIndex = 0, large = false }: Props) {
  const { t } = useTranslation("people");
  const [typed, setTyped] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const rename = useRename(id);
  const leave = (back: boolean) => {
    setTyped(null);
    if (back) requestAnimationFrame(() => button.current?.focus());
  };
  const keep = (back: boolean) => {
    const given = typed?.trim() ?? "";
    leave(back);
    if (given === (name ?? "")) return;
    rename.mutate(given || null, {
      onError: (error) =>
        notifications.show({ color: "red", message: error instanceof Fault ? error.message : String(error) }),
    });
  };
  if (typed === null) {
    const shown = rename.isPending ? rename.variables : name;
    return (
      <UnstyledButton
        ref={button}
        className={classes.name}
        data-missing={!shown || undefined}
        data-large={large || undefined}
        tabIndex={tabIndex}
        aria-label={shown ? t("renameThis", { name: shown }) : undefined}
        title={shown ?? undefined}
        onClick={() => setTyped(name ?? "")}
      >
        {shown ?? t("addName")}
      </UnstyledButton>
    );
  }
  return (
    <TextInput
      ref={takeKeyboard}
      size={large ? "md" : "xs"}
      w="100%"
      maw={240}
      maxLength={LONGEST}
      aria-label={t("name")}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => keep(false)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.nativeEvent.isComposing) keep(true);
        if (event.key !== "Escape") return;
        event.stopPropagation();
        leave(true);
      }}
    />
  );
}
