// Takes the pictures of the documents: node tests/browser/screens.mjs
// With a folder, pictures of all pages go there instead, in each language, light and dark, for phones and desks:
// node tests/browser/screens.mjs /tmp/screens
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./check.mjs";
import { SealpostNode } from "./node.mjs";
import { Walk, prepareNode } from "./pages.mjs";

const VIEWS = {
  desk: { viewport: { width: 1120, height: 700 }, colorScheme: "light" },
  "desk-dark": { viewport: { width: 1120, height: 700 }, colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 700 }, colorScheme: "light" },
  "phone-dark": { viewport: { width: 360, height: 700 }, colorScheme: "dark" },
};

// Of the documents: language, page, view.
const KEPT = ["en link desk", "en code phone", "en inbox desk", "en message desk", "en message desk-dark", "en message phone",
  "en reply desk", "en sender-message desk", "en error-expired phone-dark", "en-XB message desk", "de inbox phone",
  "en sign-in-how phone"];

const all = process.argv[2];
const folder = all ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../docs/screens");
fs.mkdirSync(folder, { recursive: true });
const node = await new SealpostNode().start();
prepareNode(node);
const browser = await launch();
for (const locale of ["en", "de", "en-XB"]) {
  const walk = new Walk(node, browser, async (name, page) => {
    for (const [view, { viewport, colorScheme }] of Object.entries(VIEWS)) {
      if (!all && !KEPT.includes(`${locale} ${name} ${view}`)) continue;
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      const file = [name, view, ...(locale === "en" ? [] : [locale])].join("-").toLowerCase();
      await page.screenshot({ path: path.join(folder, `${file}.png`), fullPage: Boolean(all) });
    }
  }, { who: { en: "carol", de: "carla", "en-XB": "carmen" }[locale], locale, reducedMotion: "reduce" });
  await walk.all();
}
await browser.close();
await node.stop();
