import { Button, type ButtonProps, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import {
  IconCheck,
  IconCopy,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconReload,
  IconRepeat,
} from "@tabler/icons-react";
import { type AriaAttributes, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Job } from "../../api/schema";
import { copy } from "./copy";
import classes from "./document.module.css";
import { Downloads } from "./downloads";
import { markdown, type Reading } from "./frames";
import { type Action, active, useAction } from "./job";
import { parcelOf, send } from "./send";

const COPIED_MS = 1500;

interface Props {
  id: string;
  job: Job;
  reading: Reading;
  onRetried: () => void;
}

/** What can be done with a document now. */
export function Actions({ id, job, reading, onRetried }: Props) {
  const { mutate, isPending } = useAction(id);
  const act = (action: Action) =>
    mutate(action, {
      onSuccess: () => action === "retry" && onRetried(),
      onError: (error) => notifications.show({ color: "red", message: error.message }),
    });
  const more = { disabled: isPending } as const;
  const going = job.state === "running" || job.state === "queued";
  return (
    <Group gap="xs" wrap="nowrap">
      {job.state === "paused" && <Act {...more} name="resume" Icon={IconPlayerPlay} onClick={() => act("resume")} />}
      {going && <Act {...more} name="pause" Icon={IconPlayerPause} onClick={() => act("pause")} />}
      {active(job) && <Act {...more} name="cancel" Icon={IconPlayerStop} onClick={() => act("cancel")} />}
      {!active(job) && job.counts.failed > 0 && (
        <Act {...more} name="retry" Icon={IconReload} onClick={() => act("retry")} />
      )}
      {!active(job) && job.counts.total > 0 && <Again id={id} />}
      {Object.keys(reading.pages).length > 0 && (
        <>
          <Copy reading={reading} />
          <Downloads id={id} job={job} reading={reading} />
        </>
      )}
    </Group>
  );
}

/** Reads the same file once more, and forgets what was found before; only where the file is still at hand. */
function Again({ id }: { id: string }) {
  const navigate = useNavigate();
  const parcel = parcelOf(id);
  if (!parcel) return null;
  const again = async () => {
    const [job] = await send([parcel.file], parcel.wish, true);
    if (job) navigate(`/read/${job}`);
  };
  return <Act name="again" Icon={IconRepeat} onClick={again} />;
}

function Copy({ reading }: { reading: Reading }) {
  const [copied, setCopied] = useState(false);
  const take = async () => {
    setCopied(await copy(markdown(reading)));
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <Act name={copied ? "copied" : "copy"} Icon={copied ? IconCheck : IconCopy} onClick={take} aria-live="polite" />
  );
}

interface ActProps extends ButtonProps {
  name: Action | "again" | "copy" | "copied";
  Icon: typeof IconCopy;
  onClick: () => void;
}

/** A button; on a phone only its picture is seen. */
function Act({ name, Icon, ...props }: ActProps & AriaAttributes) {
  const { t } = useTranslation("read");
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<Icon size={16} aria-hidden />}
      classNames={{ root: classes.act, label: classes.actLabel, section: classes.actIcon }}
      {...props}
    >
      {t(name)}
    </Button>
  );
}
