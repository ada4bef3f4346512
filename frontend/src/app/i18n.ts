import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import * as photos from "../views/photos/text";
import * as read from "../views/read/text";
import * as rescans from "../views/rescans/text";
import * as signin from "../views/signin/text";
import * as system from "../views/system/text";
import * as app from "./text";

export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;
const KEPT = "darkroom.language";

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

i18next.on("languageChanged", (language) => {
  document.documentElement.lang = language === "zh" ? "zh-CN" : language;
});

void i18next.use(initReactI18next).init({
  lng: preferred(),
  fallbackLng: "en",
  ns: ["app", "read", "photos", "rescans", "system", "signin"],
  defaultNS: "app",
  interpolation: { escapeValue: false }, // React escapes
  showSupportNotice: false,
  resources: {
    en: { app: app.en, read: read.en, photos: photos.en, rescans: rescans.en, system: system.en, signin: signin.en },
    zh: { app: app.zh, read: read.zh, photos: photos.zh, rescans: rescans.zh, system: system.zh, signin: signin.zh },
  },
});
