import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import * as photos from "../views/photos/text";
import * as read from "../views/read/text";
import * as signin from "../views/signin/text";
import * as app from "./text";

export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;
const KEPT = "darkroom.language";
/** Of the first view, and of what several views share. */
const TEXTS = { app, read, photos, signin };

/** The language that was chosen on this device, else the browser's first one that we speak. */
function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  const wanted = [kept ?? "", ...navigator.languages].map((tag) => tag.slice(0, 2));
  return wanted.find((tag): tag is Language => tag in LANGUAGES) ?? "en";
}

export function choose(language: Language): void {
  localStorage.setItem(KEPT, language);
  void i18next.changeLanguage(language);
}

function texts(language: Language) {
  return Object.fromEntries(Object.entries(TEXTS).map(([view, each]) => [view, each[language]]));
}

i18next.on("languageChanged", (language) => {
  document.documentElement.lang = language === "zh" ? "zh-CN" : language;
});

void i18next.use(initReactI18next).init({
  lng: preferred(),
  fallbackLng: "en",
  ns: Object.keys(TEXTS),
  defaultNS: "app",
  interpolation: { escapeValue: false }, // React escapes
  showSupportNotice: false,
  resources: { en: texts("en"), zh: texts("zh") },
});

/** Add the texts of a view that is fetched when it is opened. */
export function speak(view: string, said: Record<Language, object>): void {
  for (const [language, texts] of Object.entries(said)) i18next.addResourceBundle(language, view, texts);
}
