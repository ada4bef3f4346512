import {
  Alert,
  Anchor,
  Button,
  Checkbox,
  PasswordInput,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { signIn, useSession } from "../../api/session";
import { credentialOf, type Given, wrong } from "./prove";

type Way = Given["way"];

/** A form for what the service asks; what is wrong is said beside it, what is right is kept. */
export function Credentials({ need }: { need: "account" | "key" }) {
  const { t } = useTranslation("signin");
  const { credential } = useSession();
  const [way, setWay] = useState<Way>(need === "key" ? "key" : "user");
  const [given, setGiven] = useState({ user: "", secret: "" });
  const [remember, setRemember] = useState(false);
  const [asking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setAsking(true);
    setTrouble(null);
    try {
      signIn(await credentialOf({ way, ...given }), remember);
    } catch (error) {
      setTrouble(wrong(error, way, t));
      setAsking(false);
    }
  }

  function take(other: Way) {
    setWay(other);
    setGiven({ ...given, secret: "" });
    setTrouble(null);
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        {credential && !trouble && <Text size="sm">{t("over")}</Text>}
        {need === "account" && way !== "new" && (
          <SegmentedControl
            fullWidth
            aria-label={t("way")}
            value={way}
            onChange={(value) => take(value as Way)}
            data={[
              { value: "user", label: t("account") },
              { value: "key", label: t("key") },
            ]}
          />
        )}
        <Text size="sm" c="dimmed">
          {t(`why.${way}`)}
        </Text>
        <Fields way={way} given={given} change={setGiven} />
        <Checkbox
          label={t("remember")}
          checked={remember}
          onChange={(event) => setRemember(event.currentTarget.checked)}
        />
        {trouble && (
          <Alert color="red" role="alert">
            {trouble}
          </Alert>
        )}
        <Button type="submit" loading={asking} fullWidth>
          {t(`do.${way}`)}
        </Button>
        {need === "account" && way !== "key" && (
          <Anchor component="button" type="button" size="sm" onClick={() => take(way === "new" ? "user" : "new")}>
            {t(way === "new" ? "haveOne" : "makeOne")}
          </Anchor>
        )}
      </Stack>
    </form>
  );
}

interface FieldsProps {
  way: Way;
  given: { user: string; secret: string };
  change: (given: { user: string; secret: string }) => void;
}

function Fields({ way, given, change }: FieldsProps) {
  const { t } = useTranslation("signin");
  return (
    <>
      {way !== "key" && (
        <TextInput
          label={t("user")}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          maxLength={64}
          value={given.user}
          onChange={(event) => change({ ...given, user: event.currentTarget.value })}
          data-autofocus
        />
      )}
      <PasswordInput
        label={way === "key" ? t("key") : t("password")}
        description={way === "new" ? t("length") : undefined}
        name="password"
        autoComplete={way === "user" ? "current-password" : way === "new" ? "new-password" : "off"}
        required
        minLength={way === "new" ? 8 : 1}
        value={given.secret}
        onChange={(event) => change({ ...given, secret: event.currentTarget.value })}
        visibilityToggleButtonProps={{ "aria-label": t("show") }}
      />
    </>
  );
}
