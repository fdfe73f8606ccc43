// Formatted text: by keyboard, pasted from hostile pages, right to left, and with plain text beside it always.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, checkWeight, sendNow, watchForeign, written } from "./check.mjs";
import { until } from "./node.mjs";
import { signInAlice, withNode } from "./setup.mjs";

let node, browser;

withNode((...made) => { [node, browser] = made; }, { prepare: (made) => made.run("user", "add", "bob@acme.example", "--name", "Bob Brown") });

async function compose(options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const foreign = await watchForeign(context, node);
  const page = await context.newPage();
  const said = [];
  // Of what is pasted the policy says in the console that it forbids it: that is no failure.
  page.on("pageerror", (error) => said.push(error.message));
  page.on("dialog", (dialog) => { said.push(dialog.message()); dialog.dismiss(); });
  await signInAlice(node, page);
  await page.goto(`${node.url}/compose`);
  return { context, page, foreign, said };
}

async function send(page, to = "bob@acme.example") {
  await page.locator("input[name=to]").fill(to);
  await page.locator("form.write button.primary").click();
  await page.waitForURL(/leaving/);
  await sendNow(page);
}

/** The mail that Bob's server gets: its plain text and its HTML. */
async function mailOf(words) {
  const plain = (mail) => mail.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  const decoded = (mail) => mail.replace(/(?:^[A-Za-z0-9+/]{4,76}={0,2}\r\n)+/gm, (part) => Buffer.from(part, "base64").toString());
  const mail = await until(() => node.mails("bob@acme.example", "").map((m) => plain(decoded(m))).find((m) => m.includes(words)), "the mail");
  const [, text, html] = mail.match(/text\/plain[^]*?\r\n\r\n([^]*?)\r\n--[^]*text\/html[^]*?\r\n\r\n([^]*?)\r\n--/) ?? [];
  return { mail, text, html };
}

const rich = (page) => page.locator("#rich");
const tool = (page, name) => page.getByRole("toolbar").getByRole("button", { name, exact: true });

test("a text is formatted by keyboard alone and arrives with its plain text", async () => {
  const { context, page, foreign, said } = await compose();
  await page.getByRole("textbox", { name: "Subject" }).focus();
  await page.keyboard.press("Tab"); // the choice of the text's form
  await page.keyboard.press("Tab");
  await until(() => page.evaluate(() => document.activeElement.dataset.do === "bold"), "the focus");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Home");
  await page.keyboard.press("End");
  await until(() => page.evaluate(() => document.activeElement.dataset.do === "link"), "the focus");
  await page.keyboard.press("Tab");
  await until(() => page.evaluate(() => document.activeElement.id === "rich"), "the focus");
  await page.keyboard.type("Dear Bob, ");
  await page.keyboard.press("Control+b");
  assert.equal(await tool(page, "Bold").getAttribute("aria-pressed"), "true");
  await page.keyboard.type("at noon");
  await page.keyboard.press("Control+b");
  await page.keyboard.type(" by the river.");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Alt+F10");
  await page.keyboard.press("Home");
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.keyboard.type("bread");
  await page.keyboard.press("Enter");
  await page.keyboard.type("jam");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+k");
  await until(() => page.evaluate(() => document.activeElement.id === "link-to"), "the focus");
  await page.keyboard.type("javascript:alert(1)");
  await page.keyboard.press("Enter");
  await page.locator("#link-wrong", { hasText: "neither" }).waitFor();
  await check(page, "a wrong link");
  await page.locator("#link-to").fill("river.example/map");
  await page.keyboard.press("Enter");
  await until(() => page.evaluate(() => document.activeElement.id === "rich"), "the focus");
  await page.keyboard.press("End");
  await check(page, "the editor");
  await checkWeight(page, "the editor");
  await send(page);
  const frame = page.frameLocator("iframe");
  assert.equal(await frame.locator("b").textContent(), "at noon");
  assert.equal(await frame.locator("ul li").count(), 2);
  const { mail, text, html } = await mailOf("by the river");
  assert.match(mail, /multipart\/alternative/);
  assert.match(html, /<b>at noon<\/b>/);
  assert.match(html, /<a [^>]*href="https:\/\/river\.example\/map"/);
  assert.match(text, /Dear Bob, at noon by the river\.\s+- bread\s+- jam\s+river\.example\/map/);
  assert.deepEqual([foreign, said], [[], []]);
  await context.close();
});

test("quotations and numbers are begun and ended, and a link is taken away", async () => {
  const { context, page } = await compose();
  await rich(page).click();
  await tool(page, "Quotation").click();
  await page.keyboard.type("who said so");
  assert.equal(await tool(page, "Quotation").getAttribute("aria-pressed"), "true");
  await page.keyboard.press("Enter");
  await tool(page, "Quotation").click();
  assert.equal(await tool(page, "Quotation").getAttribute("aria-pressed"), "false");
  await page.keyboard.type("nobody");
  await page.keyboard.press("Enter");
  await tool(page, "Numbered list").click();
  await page.keyboard.type("one");
  await page.keyboard.press("Enter");
  await page.keyboard.type("two");
  await page.keyboard.press("Shift+Home");
  await tool(page, "Link").click();
  await page.locator("#link-to").fill("carol@partner.example");
  await page.getByRole("button", { name: "Set link" }).click();
  assert.equal(await rich(page).locator("a[href='mailto:carol@partner.example']").textContent(), "two");
  await tool(page, "Link").click();
  await page.getByRole("button", { name: "Remove link" }).click();
  assert.equal(await rich(page).locator("a").count(), 0);
  await send(page);
  const { text } = await mailOf("who said so");
  assert.match(text, /> who said so\s+nobody\s+1\. one\s+2\. two/);
  await context.close();
});

const HOSTILE = `<meta charset=utf-8><style>*{display:none}</style><p onclick="alert(1)" style="color:red">Kept <strong>words</strong>
  <img src="https://evil.example/x.png" onerror="alert(2)"><script>alert(3)</scr` + `ipt><a href="javascript:alert(4)">a link</a>
  <a href="https://good.example/">another</a></p><iframe src="https://evil.example/"></iframe><svg onload="alert(5)"><p>deep</p></svg>
  <form action="https://evil.example/"><input name=x autofocus onfocus="alert(6)"><button>go</button></form>`;

test("hostile HTML that is pasted neither runs nor loads nor leaves", async () => {
  const { context, page, foreign, said } = await compose();
  await rich(page).click();
  await page.evaluate((html) => {
    const transfer = new DataTransfer();
    transfer.setData("text/html", html);
    transfer.setData("text/plain", "Kept words");
    document.querySelector("#rich").dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: transfer }));
  }, HOSTILE);
  assert.equal(await rich(page).locator("strong, b").textContent(), "words");
  assert.equal(await rich(page).locator("img, script, style, iframe, svg, form, input, [onclick], [style]").count(), 0);
  assert.equal(await rich(page).locator("a[href]").count(), 1);
  await send(page);
  const { html } = await mailOf("Kept");
  assert.doesNotMatch(html, /script|evil|onclick|onerror|<img|<form|<input|<iframe/i);
  assert.deepEqual([foreign, said], [[], []]);
  await context.close();
});

test("HTML that a page of somebody else's making sends is cleaned by the server", async () => {
  const { context, page, foreign, said } = await compose();
  await page.evaluate((html) => document.querySelector("form.write").addEventListener("formdata", ({ formData }) => formData.set("html", html)), HOSTILE);
  await rich(page).fill("never seen");
  await page.locator("button[value=save]").click();
  await page.waitForURL(/saved=1/);
  await rich(page).locator("strong", { hasText: "words" }).waitFor();
  assert.doesNotMatch(await page.locator("textarea[name=html]").inputValue(), /script|evil|onclick|onerror|<img|<form|<input|<iframe/i);
  assert.deepEqual([foreign, said], [[], []]);
  await context.close();
});

test("a draft keeps both; plain text is the writer's choice and without scripts the only one", async () => {
  const { context, page } = await compose();
  await rich(page).click();
  await page.keyboard.press("Control+i");
  await page.keyboard.type("Slanted  & kept");
  await page.locator(".draft-line", { hasText: "Draft saved" }).waitFor({ timeout: 20000 });
  await page.goto(`${node.url}/drafts`);
  await page.locator(".row a").first().click();
  await rich(page).locator("i, em").waitFor();
  await page.getByRole("button", { name: "Plain text" }).click();
  await page.locator("textarea[name=text]").waitFor();
  assert.equal(await written(page), "Slanted  & kept");
  await check(page, "plain text");
  await page.getByRole("button", { name: "With formatting" }).click();
  await rich(page).locator("i, em").waitFor();
  await page.locator("button[value=save]").click();
  await page.waitForURL(/saved=1/);
  const address = page.url();
  const state = await context.storageState();
  await context.close();
  const bare = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false, storageState: state });
  const old = await bare.newPage();
  await old.goto(address);
  assert.equal(await old.locator("textarea[name=text]").inputValue(), "Slanted  & kept");
  assert.match(await old.locator("noscript").innerText(), /JavaScript/);
  assert.equal(await old.locator(".editor").isVisible(), false);
  await bare.close();
});

test("arrows follow the direction of the page, and the editor fits a phone in the dark", async () => {
  const { context, page } = await compose({ viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await page.evaluate(() => { document.documentElement.dir = "rtl"; });
  await tool(page, "Bold").focus();
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.do), "italic");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.do), "bold");
  await rich(page).click();
  await page.keyboard.type("שלום");
  await check(page, "the editor, right to left");
  await page.keyboard.press("Control+k");
  await until(() => page.evaluate(() => document.activeElement.id === "link-to"), "the focus");
  await page.keyboard.type("javascript:alert(1)");
  await page.keyboard.press("Enter");
  await page.locator("#link-wrong", { hasText: "neither" }).waitFor();
  await check(page, "the line for a link, right to left");
  await context.close();
});
