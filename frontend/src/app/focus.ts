/** As a `ref`: what appears where something was clicked takes the keyboard. */
export function takeKeyboard(field: HTMLInputElement | HTMLTextAreaElement | null): void {
  if (!field || document.activeElement === field) return;
  field.focus();
  field.select();
}
