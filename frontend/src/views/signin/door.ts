/** What the service asks of somebody before it serves: a user's name and password, an API key, or nothing. */
export type Need = "nothing" | "account" | "key";

/** The service's answer to a harmless call with this credential, or with none. */
type Knock = (path: "/api/users/me" | "/api/queues", credential: string | null) => Promise<number>;

/** What is still needed beside this credential, and whether the service would serve without it. */
export async function need(credential: string | null, knock: Knock): Promise<Need> {
  const [me, served] = await Promise.all([knock("/api/users/me", credential), knock("/api/queues", credential)]);
  if (served === 401) return me === 401 ? "account" : "key";
  // Accounts are on. An API key is nobody's account, and yet it is served.
  return me === 401 && credential === null ? "account" : "nothing";
}

export const knock: Knock = async (path, credential) => {
  const headers: HeadersInit = credential ? { authorization: `Bearer ${credential}` } : {};
  return (await fetch(path, { headers })).status;
};
