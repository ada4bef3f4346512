import { cut } from "./formulas";

/** As much of an HTML tree as is looked at here. */
interface Node {
  type: string;
  tagName?: string;
  value?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

/** Marks the formulas in what was HTML already, which the Markdown parser passed over. */
export function formulaCells() {
  return (tree: Node): void => visit(tree);
}

function visit(node: Node): void {
  if (node.tagName === "code" || node.tagName === "pre") return;
  if (!node.children) return;
  node.children = node.children.flatMap((child) => {
    if (child.type === "text" && child.value) return cut(child.value).map(asNode);
    visit(child);
    return [child];
  });
}

function asNode(piece: ReturnType<typeof cut>[number]): Node {
  if (typeof piece === "string") return { type: "text", value: piece };
  const className = ["language-math", piece.display ? "math-display" : "math-inline"];
  const children = [{ type: "text", value: piece.tex }];
  return { type: "element", tagName: "code", properties: { className }, children };
}
