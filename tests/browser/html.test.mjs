// HTML mail in the portal: nothing of it runs or loads anything, and it looks as it was written.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compareLooks } from "./looks.mjs";
import { until } from "./node.mjs";
import { Walk, prepareNode } from "./pages.mjs";
import { withNode } from "./setup.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const corpora = process.env.SEALPOST_CORPORA ?? path.resolve(here, "../../../shared/corpora");
const pictures = process.env.SEALPOST_PICTURES; // a folder for pictures of each mail as written and as shown
const WIDTH = 800;
const MARK = "mark"; // what a script that ran would have set on its window

// What does not look as it was written, by name, and why.
const KNOWN = {};

// The frame's own style, which what was written is given too: a mail that says nothing of a font has no
// look of its own, and the margin is the frame's.
const BASE = "html{color-scheme:light;background:#fff;color:#1b2430;font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}" +
  "body{margin:16px!important}img,table{max-width:100%}img{height:auto}pre{white-space:pre-wrap;font:inherit;margin:0}";

const OWN_VECTORS = ["<script>window.mark=1</script>", "<img src=x onerror=\"window.mark=1\">", "<svg onload=\"window.mark=1\"></svg>",
  "<a href=\"javascript:window.mark=1\">go</a>", "<iframe srcdoc=\"<script>parent.mark=1</script>\"></iframe>",
  "<img src=\"https://tracker.example/1.png\">", "<div style=\"background:url(https://tracker.example/2.png)\">x</div>",
  "<style>@import 'https://tracker.example/3.css';p{background:url(https://tracker.example/4.png)}</style><p>x</p>",
  "<link rel=stylesheet href=\"https://tracker.example/5.css\">", "<meta http-equiv=refresh content=\"0;url=https://tracker.example/6\">",
  "<video src=\"https://tracker.example/7.mp4\" autoplay></video>", "<form action=\"https://tracker.example/8\"><button autofocus>x</button></form>"];

let node, browser, page, dispatched = 0;

const hasCorpora = fs.existsSync(path.join(corpora, "dompurify/expect.mjs"));

async function vectors() {
  if (!hasCorpora) return OWN_VECTORS;
  const given = (await import(path.join(corpora, "dompurify/expect.mjs"))).default;
  return [...OWN_VECTORS, ...given.map((vector) => vector.payload)];
}

function corpusMails() {
  if (!hasCorpora) return [];
  return ["gmime", "mail-parser", "mime4j", "mimekit", "postal-mime"].flatMap((name) => JSON.parse(execFileSync("/usr/bin/python3",
    [path.join(here, "../tools/html_parts.py"), path.join(corpora, name)], { maxBuffer: 1 << 26 }))
    .map((mail, index) => ({ name: `${name}/${mail.name} ${index}`, html: mail.html })));
}

const ownMails = () => fs.readdirSync(path.join(here, "html")).sort()
  .map((file) => ({ name: file, html: fs.readFileSync(path.join(here, "html", file), "utf8") }));

const asMail = (to, html) => ["From: Alice Adams <alice@acme.example>", `To: ${to}`, "Subject: HTML [secure]",
  `Message-ID: <${Math.random()}@acme.example>`, "MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8",
  "Content-Transfer-Encoding: base64", "", Buffer.from(html).toString("base64").replace(/.{76}/g, "$&\r\n")].join("\r\n");

/** Hands all in; gives the identifiers of Carol's copies in the same order. */
async function deliver(htmls) {
  for (const html of htmls) await node.send("alice@acme.example", ["carol@partner.example"], asMail("carol@partner.example", html));
  const first = dispatched;
  dispatched += htmls.length;
  const links = await until(() => {
    const mails = node.mails("carol@partner.example", "notification");
    return mails.length >= dispatched && mails.map((mail) => mail.replace(/=\r\n/g, "").match(/\/m\/([0-9a-z]+)/)[1]).sort();
  }, "all notifications", 120);
  return links.slice(first);
}

withNode((...made) => { [node, browser] = made; }, { prepare: prepareNode });

/** The document of a message's frame. */
async function bodyOf(id) {
  const response = await page.context().request.get(`${node.url}/message/${id}/body`);
  assert.equal(response.status(), 200);
  return response.text();
}

/** A page of its own, with scripts or without, that lists what it asks the network for, and gets none of it. */
async function quarantine(javaScriptEnabled) {
  const context = await browser.newContext({ javaScriptEnabled, viewport: { width: WIDTH, height: 1000 } });
  const asked = [];
  await context.route("**/*", (route) => {
    asked.push(route.request().url());
    return route.abort();
  });
  return { page: await context.newPage(), asked };
}

test("sign in", async () => {
  const [id] = await deliver(["<p>first</p>"]);
  const walk = new Walk(node, browser, () => {});
  page = await walk.newPage();
  await walk.signIn(page, id, "carol@partner.example");
  assert.match(page.url(), /\/message\//);
});

// Without the frame, its sandbox and its policy: cleaning alone must do.
test(`no hostile HTML runs or asks for anything${hasCorpora ? "" : " (corpora skipped)"}`, async () => {
  const all = await vectors();
  const ids = await deliver(all);
  const { page: bare, asked } = await quarantine(true);
  bare.on("dialog", (dialog) => { asked.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  for (const [index, id] of ids.entries()) {
    await bare.setContent(await bodyOf(id));
    const marks = await bare.evaluate((mark) => [window[mark], document.querySelectorAll("script, iframe, object, embed, form").length], MARK);
    assert.deepEqual(marks, [undefined, 0], all[index]);
    assert.deepEqual(asked, [], all[index]);
  }
  // And the same page does see a script that runs and a request that leaves.
  await bare.setContent("<script>window.mark=1</script><img src='https://tracker.example/9.png'>");
  await until(() => asked.length, "the request of the picture");
  assert.equal(await bare.evaluate((mark) => window[mark], MARK), 1);
});

/** Shows each text, as it is, in the frame of the open message without the frame's sandbox, with its document's policy or not; what
 * ran, spoke or was asked for elsewhere, by text. */
async function showRaw(texts, hasPolicy) {
  const found = {}, raw = await page.context().newPage();
  let text = "";
  const note = (what) => (found[text] ??= []).push(what);
  raw.on("dialog", (dialog) => { note(`dialog ${dialog.message()}`); dialog.dismiss(); });
  raw.on("console", (message) => { if (message.text().startsWith("Ignored call to")) note(message.text()); });
  await raw.route((url) => !url.href.startsWith(node.url), (route) => { note(route.request().url()); return route.abort(); });
  const { "content-security-policy": policy, ...headers } = (await raw.request.get(page.url().replace(/\?.*|$/, "/body"))).headers();
  assert.ok(policy);
  if (hasPolicy) headers["content-security-policy"] = policy;
  await raw.route("**/body", (route) => route.fulfill({ status: 200, headers, body: text }));
  await raw.goto(page.url());
  for (text of texts)
    await raw.evaluate(() => new Promise((done) => {
      const old = document.querySelector("article iframe"), frame = old.cloneNode();
      frame.removeAttribute("sandbox");
      frame.onload = done;
      old.replaceWith(frame);
    }));
  assert.equal(await raw.locator("h1").textContent(), "HTML");
  await raw.close();
  return found;
}

// With the cleaner off and the frame open, the policy that the document comes with must do.
test(`hostile HTML that nobody cleaned neither runs nor asks for anything in its frame${hasCorpora ? "" : " (corpora skipped)"}`, async () => {
  const calls = ["<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "<iframe srcdoc='<script>alert(3)</script>'></iframe>"];
  const all = [...calls, ...await vectors()];
  assert.deepEqual(await showRaw(all, true), {});
  // And without it, what runs and what leaves is seen.
  const open = await showRaw([...calls, "<img src='https://tracker.example/10.png'>"], false);
  assert.equal(Object.keys(open).length, 4, JSON.stringify(open));
});

test("at least 95 % of newsletters and office mails look as they were written", async (t) => {
  const mails = [...ownMails(), ...corpusMails()];
  const ids = await deliver(mails.map((mail) => mail.html));
  const written = await quarantine(false), shown = await quarantine(false);
  const failures = [];
  for (const [index, { name, html }] of mails.entries()) {
    await written.page.setContent(html);
    await written.page.evaluate((css) => {
      const style = document.createElement("style");
      style.textContent = css;
      document.head.prepend(style);
    }, BASE);
    await shown.page.setContent(await bodyOf(ids[index]));
    const looks = await compareLooks(written.page, shown.page);
    const isRight = looks.kept >= looks.words * 0.99 && looks.alike >= looks.words * 0.95 && looks.added <= looks.words * 0.05;
    if (pictures) {
      const file = path.join(pictures, name.replace(/\W+/g, "_"));
      await written.page.screenshot({ path: `${file}-written.png` });
      await shown.page.screenshot({ path: `${file}-shown.png` });
    }
    if (isRight) continue;
    failures.push(name);
    t.diagnostic(`${name}: of ${looks.words} words ${looks.kept} kept, ${looks.alike} alike, ${looks.added} added: ${KNOWN[name]}`);
    for (const pair of looks.unlike.slice(0, 3)) t.diagnostic(JSON.stringify(pair));
  }
  assert.deepEqual(shown.asked, []);
  t.diagnostic(`${mails.length - failures.length} of ${mails.length} look right`);
  assert.deepEqual(failures.filter((name) => !KNOWN[name]), []);
  assert.ok(failures.length <= mails.length * 0.05);
});
