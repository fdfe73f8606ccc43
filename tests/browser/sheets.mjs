// Contact sheets of all pages: light, dark, on a phone, and right to left.
// node tests/browser/sheets.mjs [FOLDER]     FOLDER: docs/screens/sheets unless given
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./check.mjs";
import { SealpostNode } from "./node.mjs";
import { Walk, prepareNode } from "./pages.mjs";

const DESK = { width: 1120, height: 840 };
const PHONE = { width: 360, height: 780 };
// By language the kinds of sheets, with how many pictures stand in a row and on a sheet.
const KINDS = {
  en: {
    light: { viewport: DESK, colorScheme: "light", wide: 420, columns: 4, most: 32 },
    dark: { viewport: DESK, colorScheme: "dark", wide: 420, columns: 4, most: 32 },
    phone: { viewport: PHONE, colorScheme: "light", wide: 210, columns: 8, most: 40 },
  },
  "en-XB": {
    "right-to-left": { viewport: DESK, colorScheme: "light", wide: 420, columns: 4, most: 32 },
    "right-to-left-phone": { viewport: PHONE, colorScheme: "dark", wide: 210, columns: 8, most: 40 },
  },
};

const folder = path.resolve(process.argv[2] ?? path.join(path.dirname(fileURLToPath(import.meta.url)), "../../docs/screens/sheets"));
fs.rmSync(folder, { recursive: true, force: true });
fs.mkdirSync(folder, { recursive: true });

async function writeSheets(browser, kind, { wide, columns, most }, pictures) {
  const page = await browser.newPage({ viewport: { width: columns * (wide + 12) + 12, height: 600 } });
  for (let first = 0, number = 1; first < pictures.length; first += most, number += 1) {
    const figures = pictures.slice(first, first + most).map(({ name, image }) =>
      `<figure><img src="data:image/jpeg;base64,${image.toString("base64")}" width="${wide}"><figcaption>${name}</figcaption></figure>`);
    await page.setContent(`<style>body { display: grid; grid-template-columns: repeat(${columns}, ${wide}px); gap: 12px; margin: 12px;
      font: 13px sans-serif; background: #888; color: #fff } figure { margin: 0 } img { display: block }</style>${figures.join("")}`);
    await page.screenshot({ path: path.join(folder, `${kind}-${number}.jpg`), fullPage: true, type: "jpeg", quality: 60 });
  }
  await page.close();
}

const node = await new SealpostNode().start();
prepareNode(node);
const browser = await launch();
for (const [locale, kinds] of Object.entries(KINDS)) {
  const pictures = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  const walk = new Walk(node, browser, async (name, page) => {
    for (const [kind, { viewport, colorScheme }] of Object.entries(kinds)) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      pictures[kind].push({ name, image: await page.screenshot({ type: "jpeg", quality: 80 }) });
    }
  }, { who: locale === "en" ? "carol" : "carmen", locale, reducedMotion: "reduce" });
  await walk.all();
  for (const [kind, options] of Object.entries(kinds)) await writeSheets(browser, kind, options, pictures[kind]);
}
await browser.close();
await node.stop();
