import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const SERVICE = "http://127.0.0.1:8060";
const ROUTES = ["/api", "/readyz", "/livez", "/metrics", "/result"];

/** The built page lies inside the Python package `api`, so that it travels in the wheel. */
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../api/web",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"], // know light-dark(); what stands in for it elsewhere does not work here
    chunkSizeWarningLimit: 900,
    assetsInlineLimit: 0,
  },
  server: { proxy: Object.fromEntries(ROUTES.map((route) => [route, SERVICE])) },
  test: { include: ["src/**/*.test.ts"] },
});
