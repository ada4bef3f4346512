import "@mantine/dropzone/styles.css";
import { notifications } from "@mantine/notifications";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { AlbumView } from "./album-view";
import { isPicture } from "./batches";
import { TASKS, useCapabilities } from "./capabilities";
import { begin, show, useSession } from "./current";
import { Start } from "./start";
import { usable } from "./tasks";

export default function Photos() {
  const { t } = useTranslation("photos");
  const { job } = useParams();
  const navigate = useNavigate();
  const [session, snapshot] = useSession();
  const [wanted, setWanted] = useState<string[]>([...TASKS]);
  const tasks = usable(wanted, useCapabilities());

  useEffect(() => {
    if (job) show(job);
  }, [job]);

  const { album, sending, job: address } = snapshot;
  const going = sending || [...album.parts.values()].some(({ over }) => !over);
  const ours = job ? session.has(job) : going || (album.photos.length > 0 && !address);
  useEffect(() => {
    if (!job && ours && address) void navigate(`/photos/${address}`, { replace: true });
  }, [job, ours, address, navigate]);

  const add = (files: File[], to = session) => {
    const pictures = files.filter(isPicture);
    const count = files.length - pictures.length;
    if (count > 0) notifications.show({ color: "yellow", message: t("leftOut", { count }) });
    if (pictures.length > 0) to.add(pictures, tasks);
  };

  if (!job && !ours) {
    return (
      <Start tasks={tasks} onTasks={setWanted} ready={tasks.length > 0} onFiles={(files) => add(files, begin())} />
    );
  }
  return (
    <AlbumView
      session={session}
      snapshot={snapshot}
      onFiles={add}
      onFresh={() => {
        begin();
        void navigate("/photos");
      }}
    />
  );
}
