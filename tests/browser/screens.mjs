// Takes the pictures of the documents: node tests/browser/screens.mjs
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { SealpostNode, offer } from "./node.mjs";

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../docs/screens");
fs.mkdirSync(folder, { recursive: true });
const node = await new SealpostNode().start();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu",
  "--disable-background-networking", "--disable-quic"] });
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1000, height: 640 } });
const page = await context.newPage();
const address = "carol@partner.example";
await node.send("alice@acme.example", address, offer(address));
const link = await node.link(address);
await page.goto(link);
await page.screenshot({ path: path.join(folder, "link.png") });
await page.locator("form[action$='/code'] button").first().click();
await page.locator("input[name=code]").fill(await node.code(address));
await page.locator("form:has(input[name=code]) button").first().click();
await page.screenshot({ path: path.join(folder, "message.png") });
await page.goto(`${node.url}/inbox`);
await page.screenshot({ path: path.join(folder, "inbox.png") });
await page.setViewportSize({ width: 360, height: 740 });
await page.goto(`${node.url}/message/${link.split("/").at(-1)}`);
await page.screenshot({ path: path.join(folder, "message-phone.png") });
await browser.close();
await node.stop();
