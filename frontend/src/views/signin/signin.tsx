import { Center, Modal, Paper, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { accept, signOut, useSession } from "../../api/session";
import { Busy } from "../../app/busy";
import { Credentials } from "./credentials";
import { knock, type Need, need } from "./door";

/**
 * Shows its children to whoever may see them, and asks everybody else who they are.
 *
 * Somebody who is refused in the middle of work is asked in front of it, and goes on where they were.
 */
export function SignIn({ children }: { children: ReactNode }) {
  const { t } = useTranslation("signin");
  const { credential } = useSession();
  const { asked, pending } = useDoor();
  const [came, setCame] = useState({ inside: false, credential });
  if (came.credential !== credential) {
    setCame({ inside: came.inside && credential !== null, credential }); // who signs out leaves
  } else if (asked === null && !pending && !came.inside) {
    setCame({ inside: true, credential });
  }
  const { inside } = came;
  if (!inside && pending) return <Busy />;
  return (
    <>
      {inside && children}
      {!inside && asked && (
        <Center mih="60vh">
          <Paper withBorder p="xl" radius="lg" w="100%" maw={420}>
            <Title order={1} size="h3" mb="md">
              {t("title")}
            </Title>
            <Credentials need={asked} />
          </Paper>
        </Center>
      )}
      <Modal
        opened={inside && asked !== null}
        onClose={() => undefined}
        withCloseButton={false}
        title={t("again")}
        radius="lg"
        centered
      >
        {asked && <Credentials need={asked} />}
      </Modal>
    </>
  );
}

/** What is needed beside what we have; what we have is dropped where the service is open without it. */
async function stillNeeded(credential: string | null): Promise<Need> {
  const found = await need(credential, knock);
  if (!credential || found === "nothing" || (await need(null, knock)) !== "nothing") return found;
  signOut();
  return "nothing";
}

/** What has to be asked (null: nothing), and whether that is still being found out. */
function useDoor(): { asked: Exclude<Need, "nothing"> | null; pending: boolean } {
  const { credential, refused } = useSession();
  const queries = useQueryClient();
  const door = useQuery({
    queryKey: ["door", credential],
    queryFn: () => stillNeeded(credential),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false, // a service that does not answer is told of by the view itself
  });
  const { refetch } = door;
  useEffect(() => {
    const look = async () => {
      const { data } = await refetch();
      if (data === "nothing") accept(); // it was one call that this credential may not make
    };
    if (refused) void look();
  }, [refused, refetch]);
  useEffect(() => {
    const others = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== "door" };
    if (credential) void queries.invalidateQueries(others);
    else queries.removeQueries(others);
  }, [credential, queries]);
  const asked = door.data && door.data !== "nothing" ? door.data : null;
  return { asked, pending: door.isPending };
}
