/** A folder and those above it up to the root that it lies in, the root first and by its whole path. */
export function above(path: string, roots: readonly string[]): { name: string; path: string }[] {
  const fitting = roots.filter((root) => path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`));
  const root = fitting.sort((a, b) => b.length - a.length)[0];
  if (!root) return path ? [{ name: path, path }] : [];
  const base = root.replace(/\/$/, "");
  const names = path.slice(root.length).split("/").filter(Boolean);
  const inside = names.map((name, at) => ({ name, path: `${base}/${names.slice(0, at + 1).join("/")}` }));
  return [{ name: root, path: root }, ...inside];
}
