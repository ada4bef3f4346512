import "./text";
import { Anchor, Button, Group, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { IconArrowLeft, IconPhotoSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import type { Person, PersonFace } from "../../api/schema";
import { Busy } from "../../app/busy";
import { Trouble } from "../../app/trouble";
import { Tiles } from "../../parts/tiles";
import tiles from "../../parts/tiles.module.css";
import { linkTo } from "../search/sought";
import { useChosen } from "./chosen";
import { Face } from "./face";
import { Name } from "./name";
import classes from "./people.module.css";
import { Tick } from "./tile";
import { usePerson, useSplit } from "./watch";

const idOf = ({ id }: PersonFace) => id;

export default function Somebody() {
  const { t } = useTranslation("people");
  const { person: id = "" } = useParams();
  const query = usePerson(id);
  const known = query.data?.pages[0];
  const faces = query.data?.pages.flatMap((page) => page.faces) ?? [];
  const more = () => {
    if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
  };
  return (
    <Stack gap="sm">
      <Anchor component={Link} to="/people" size="sm">
        <Group gap={4} component="span">
          <IconArrowLeft size={16} aria-hidden />
          {t("title")}
        </Group>
      </Anchor>
      {query.isPending && <Busy />}
      {query.isError && <Trouble error={query.error} retry={() => void query.refetch()} />}
      {known && <Head person={known} />}
      {known && <Faces key={id} id={id} faces={faces} onEnd={more} />}
    </Stack>
  );
}

function Head({ person: { id, name, count, faces } }: { person: Person }) {
  const { t } = useTranslation("people");
  const cover = faces[0];
  return (
    <Group justify="space-between">
      <Group gap="md">
        <span className={classes.circle} style={{ width: 96 }}>
          {cover && <Face cover={cover} />}
        </span>
        <div>
          <Title order={2}>
            <Name id={id} name={name} large />
          </Title>
          <Text size="sm" c="dimmed">
            {t("faces", { count })}
          </Text>
        </div>
      </Group>
      <Button component={Link} to={linkTo({ person: id })} leftSection={<IconPhotoSearch size={18} aria-hidden />}>
        {t("showPhotos")}
      </Button>
    </Group>
  );
}

interface FacesProps {
  id: string;
  faces: readonly PersonFace[];
  onEnd: () => void;
}

/** Where a person was seen; faces of somebody else are chosen and become a person of their own. */
function Faces({ id, faces, onEnd }: FacesProps) {
  const { t } = useTranslation("people");
  const navigate = useNavigate();
  const { chosen, begin, end, toggle } = useChosen(idOf);
  const split = useSplit(id);
  const run = () =>
    split.mutate([...(chosen?.keys() ?? [])], {
      onSuccess: (person) => {
        end();
        void navigate(`/people/${person.id}`);
      },
    });
  return (
    <>
      <Group className={classes.bar} gap="xs" mih={52}>
        {chosen === null ? (
          <Button variant="default" disabled={faces.length < 2} onClick={begin}>
            {t("notThem")}
          </Button>
        ) : (
          <>
            <Button disabled={chosen.size === 0} loading={split.isPending} onClick={run}>
              {t("splitCount", { count: chosen.size })}
            </Button>
            <Button variant="default" onClick={end}>
              {t("cancel")}
            </Button>
            <Text size="sm" c="dimmed">
              {t("splitAbout")}
            </Text>
          </>
        )}
      </Group>
      {split.error && <Trouble error={split.error} />}
      <Tiles items={faces} keyOf={idOf} label={t("facesOf")} onEnd={onEnd}>
        {(face, { index, stop, onStop }) => {
          const common = {
            className: tiles.tile ?? "",
            "data-index": index,
            tabIndex: stop ? 0 : -1,
            title: face.name,
            onFocus: () => onStop(index),
          };
          return chosen === null ? (
            <UnstyledButton
              component={Link}
              to={`${linkTo({ person: id })}&photo=${face.sha256}`}
              aria-label={t("faceIn", { name: face.name })}
              {...common}
            >
              <Face cover={face} />
            </UnstyledButton>
          ) : (
            <UnstyledButton
              aria-label={t("faceIn", { name: face.name })}
              aria-pressed={chosen.has(face.id)}
              onClick={() => toggle(face)}
              {...common}
            >
              <Face cover={face} />
              {chosen.has(face.id) && <Tick />}
            </UnstyledButton>
          );
        }}
      </Tiles>
    </>
  );
}
