/**
 * Browsers give pages a clipboard only on https and on this machine. In a home network Darkroom is asked by plain http:
 * there the old way of copying stands in, for whatever asks `navigator.clipboard`.
 */
function copy(text: string): Promise<void> {
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  };
  document.addEventListener("copy", give, { once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", give);
  return done ? Promise.resolve() : Promise.reject(new Error("The browser does not let us copy."));
}

if (!("clipboard" in navigator)) {
  Object.defineProperty(navigator, "clipboard", { value: { writeText: copy } });
}
