// What accounts and definitions ask for beside the plain life of a message: each once in full, as the two people see it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, checkWidth, written } from "./check.mjs";
import { text } from "./mails.mjs";
import { until } from "./node.mjs";
import { people, press, saved, signInAlice, withNode } from "./setup.mjs";

const DESK = { width: 1280, height: 800 }, PHONE = { width: 360, height: 740 };
let node, browser;

withNode((...made) => { [node, browser] = made; }, { prepare: (made) => {
  made.run("account", "set", "undo_seconds", "0");
  made.run("definition", "add", "with code", "--access-code", "yes");
  made.run("definition", "add", "told", "--read-receipt", "yes");
  made.run("definition", "add", "may save", "--save", "yes");
} });

const main = (page) => page.locator("main").innerText();

async function alicesPage(options = {}) {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: "reduce", viewport: DESK, ...options })).newPage();
  await signInAlice(node, page);
  return page;
}

/** Writes a new message and sends it past the look at its recipients. */
async function compose(page, to, subject, words) {
  await page.goto(`${node.url}/compose`);
  await page.locator("input[name=to]").fill(to);
  await page.locator("input[name=subject]").fill(subject);
  await page.locator(".words:visible").fill(words);
  await press(page, page.locator("form.write button.primary"));
  if (await page.locator(".check").count()) await press(page, page.locator("form.write button[name=checked]"));
  await page.waitForURL(/sent=1/);
}

test("R10: the own copy is in the mailbox, in Inbox and in Sent, with one mark and one read state", async () => {
  node.run("account", "set", "send_bcc_to_mail_server", "yes");
  const alice = await alicesPage();
  await compose(alice, "ruth@partner.example", "Plan of the yard", "Marmalade.");
  const mail = await node.newest("alice@acme.example", "", 1);
  const words = Buffer.from(mail.split("\r\n\r\n")[1], "base64").toString();
  assert.match(words, /your copy of a secure message[^]*Marmalade\./);
  const addresses = [];
  for (const folder of ["inbox", "sent"]) {
    await alice.goto(`${node.url}/${folder}`);
    const row = alice.locator("main .row", { hasText: "Plan of the yard" });
    assert.equal(await row.count(), 1, folder);
    assert.match(await row.innerText(), /Also in your mailbox/);
    addresses.push(await row.locator("a").getAttribute("href"));
  }
  assert.notEqual(addresses[0], addresses[1]);
  const unread = async () => {
    const counts = [];
    for (const folder of ["inbox", "sent"]) {
      await alice.goto(`${node.url}/${folder}`);
      counts.push(await alice.locator("main .row.unread", { hasText: "Plan of the yard" }).count());
    }
    return counts;
  };
  assert.deepEqual(await unread(), [0, 0]);
  await alice.goto(`${node.url}/inbox`);
  await check(alice, "an own copy in the Inbox");
  await alice.locator("main .row", { hasText: "Plan of the yard" }).locator("input").check();
  await press(alice, alice.locator("button[formaction='/mark-unread']"));
  assert.match(await main(alice), /1 message is marked as unread/);
  assert.deepEqual(await unread(), [1, 1]);
  await alice.goto(node.url + addresses[1]);
  assert.deepEqual(await unread(), [0, 0]);
  // The mailbox's copy stays, and so does the one that is not deleted.
  await alice.goto(`${node.url + addresses[1]}/recall`);
  assert.match(await main(alice), /Your own copy in your mailbox stays there/);
  await alice.goto(node.url + addresses[0]);
  await press(alice, alice.locator("form[action='/delete'] button").first());
  await alice.goto(`${node.url}/sent`);
  assert.equal(await alice.locator("main .row", { hasText: "Plan of the yard" }).count(), 1);
  node.run("account", "set", "send_bcc_to_mail_server", "no");
  await alice.context().close();
});

test("an access code: the sender finds it, the recipient enters it, wrong ones slow down, a new one ends the old", async () => {
  const who = "vera.coded", vera = `${who}@partner.example`;
  const { alice, outside, foreign } = await people(node, browser, who, { viewport: PHONE, locale: "en" });
  await node.send("alice@acme.example", [vera], text(vera, "Bids [secure:with code]", "The lowest is the third."));
  const link = await node.link(vera), message = `${node.url}/message/${link.split("/").at(-1)}`;
  await alice.goto(`${node.url}/sent`);
  await press(alice, alice.locator(".row > a", { hasText: "Bids" }).first());
  const code = await alice.locator(".access-code strong").innerText();
  assert.match(code, /^\d{4} \d{4}$/);

  const page = await outside.newPage();
  await outside.signIn(page, link.split("/").at(-1), vera);
  await page.goto(message);
  const enter = async (words) => {
    await page.locator("input[name=code]").fill(words);
    await press(page, page.locator("form[action$='/access-code'] button"));
  };
  assert.doesNotMatch(await page.content(), /lowest/);
  for (let i = 0; i < 5; i++) {
    await enter("0000 000x");
    assert.match(await page.locator(".problem").innerText(), /not the code/);
  }
  await enter(code);
  assert.match(await main(page), /15 minutes/);
  assert.doesNotMatch(await page.content(), /lowest/);
  await check(page, "too many wrong codes");
  node.moveClock(16 * 60_000);
  await page.goto(message);
  await enter(code.replace(" ", "-"));
  assert.match(await main(page), /The lowest is the third/);

  await alice.reload();
  assert.match(await alice.locator(".recipient-states").innerText(), /Code entered/);
  await alice.locator(".access-code summary").click();
  await alice.locator("#new-code").fill("Blue Heron 17");
  await press(alice, alice.locator("form[action$='/new-access-code'] button"));
  assert.equal(await alice.locator(".access-code strong").innerText(), "Blue Heron 17");
  await page.goto(message);
  assert.doesNotMatch(await page.content(), /lowest/);
  await enter(code);
  assert.match(await page.locator(".problem").innerText(), /not the code/);
  await enter("blue heron 17");
  assert.match(await main(page), /The lowest is the third/);
  assert.deepEqual(foreign, []);
  await page.context().close();
  await alice.context().close();
});

test("R13: who asked for a read receipt gets one when the text is shown, and sees the same in Sent", async () => {
  const who = "rita.told", rita = `${who}@partner.example`;
  const { alice, outside, foreign } = await people(node, browser, who, { javaScriptEnabled: false, viewport: PHONE });
  await node.send("alice@acme.example", [rita], text(rita, "Terms [secure:told]", "Thirty days."));
  const link = await node.link(rita);
  const receipts = () => node.mails("alice@acme.example", "receipt");
  const page = await outside.newPage();
  await page.goto(link);
  await alice.goto(`${node.url}/sent`);
  await press(alice, alice.locator(".row > a", { hasText: "Terms" }).first());
  assert.match(await alice.locator(".recipient-states").innerText(), /Link opened/);
  assert.equal(receipts().length, 0);
  await outside.signIn(page, link.split("/").at(-1), rita);
  assert.match(await main(page), /Thirty days/);
  await until(() => receipts().length, "the receipt");
  const [receipt] = receipts();
  assert.match(receipt, /disposition-notification/);
  assert.ok(receipt.includes(rita) && !receipt.includes("Thirty days"));
  // The mail leads to the page that says the same.
  await alice.goto(receipt.replace(/=\r\n/g, "").match(/https:\/\/\S+\/message\/[0-9a-z]+/)[0]);
  assert.match(await alice.locator(".recipient-states").innerText(), /Read/);
  await page.reload();
  assert.equal(receipts().length, 1);
  assert.deepEqual(foreign, []);
  await page.context().close();
  await alice.context().close();
});

test("somebody takes their messages out, and their senders see it", async () => {
  const who = "emma.export", emma = `${who}@partner.example`;
  node.run("account", "set", "export", "yes");
  const { alice, outside, foreign } = await people(node, browser, who, { viewport: PHONE, locale: "en" });
  await node.send("alice@acme.example", [emma], text(emma, "Minutes [secure:may save]", "Everybody agreed."));
  await node.send("alice@acme.example", [emma], text(emma, "Between us [secure]", "Nobody agreed."));
  const link = await node.link(emma, 2);
  const page = await outside.newPage();
  await outside.signIn(page, link.split("/").at(-1), emma);
  await page.goto(`${node.url}/settings`);
  await press(page, page.locator("a[href='/settings/export']"));
  await check(page, "what can be taken out");
  const [name, bytes] = await saved(page, page.locator("a[href*='/settings/export/']").first());
  assert.match(name, /\.zip$/);
  const archive = bytes.toString("latin1");
  assert.match(archive, /Everybody agreed/);
  assert.doesNotMatch(archive, /Nobody agreed/);
  await alice.goto(`${node.url}/sent`);
  await press(alice, alice.locator(".row > a", { hasText: "Minutes" }).first());
  assert.match(await alice.locator(".recipient-states").innerText(), /Whole message saved/);
  assert.deepEqual(foreign, []);
  await page.context().close();
  await alice.context().close();
});

test("R11: the count is on the page, and what would pass the limit goes to nobody with the draft kept", async () => {
  const alice = await alicesPage({ viewport: PHONE });
  await compose(alice, "first@limit.example", "One of them", "Hello.");
  await alice.goto(`${node.url}/compose`);
  const room = () => alice.locator("main .help", { hasText: "Recipients outside this month" }).innerText();
  const before = Number((await room()).match(/month: (\d+) of 500/)[1]);
  assert.ok(before >= 1);
  const rest = Array.from({ length: 499 - before }, (_, i) => `p${i}@limit.example`);
  await node.send("alice@acme.example", rest, text(rest[0], "To all of them [secure]", "Hello."));
  // The largest message there is in a month, as its sender sees it.
  await alice.goto(`${node.url}/sent`);
  await press(alice, alice.locator(".row > a", { hasText: "To all of them" }).first());
  assert.equal(await alice.locator(".recipients li").count(), 25);
  await press(alice, alice.locator(".recipients .pages a[rel=next]"));
  assert.match(await alice.locator(".recipients .pages").innerText(), new RegExp(`26 to 50 of ${rest.length}`));
  await checkWidth(alice, "a message to very many");
  // What is ticked and typed on the way to a recall outlives the turning of pages, and nothing is recalled by it.
  await alice.goto(`${alice.url().split(/[?#]/)[0]}/recall`);
  await alice.locator("input[name=from]").nth(1).check();
  await alice.locator("textarea[name=reason]").fill("Too many at once.");
  await press(alice, alice.locator(".recipients button", { hasText: "Next" }));
  assert.match(await alice.locator(".recipients").first().innerText(), /1 person is ticked on another page/);
  await check(alice, "another page of recipients to recall from");
  await alice.locator("input[name=from]:visible").first().check();
  await press(alice, alice.locator(".recipients button", { hasText: "Before" }));
  assert.equal(await alice.locator("textarea[name=reason]").inputValue(), "Too many at once.");
  assert.ok(await alice.locator("input[type=checkbox][name=from]").nth(1).isChecked());
  assert.match(await alice.locator(".recipients").first().innerText(), /1 person is ticked on another page/);
  await alice.goto(`${node.url}/compose`);
  assert.match(await room(), /: 499 of 500\. The count begins again on /);
  await alice.locator("input[name=to]").fill("new.one@limit.example, new.two@limit.example");
  await alice.locator(".words:visible").fill("A text that is not lost.");
  await press(alice, alice.locator("form.write button.primary"));
  if (await alice.locator(".check").count()) await press(alice, alice.locator("form.write button[name=checked]"));
  const told = await alice.locator(".problem").innerText();
  for (const fact of [/Nothing was sent/, /500/, /499/, /begins again on/]) assert.match(told, fact);
  assert.equal(await written(alice), "A text that is not lost.");
  await check(alice, "over the sending limit");
  await alice.goto(`${node.url}/drafts`);
  await press(alice, alice.locator("main .row a").first());
  assert.equal(await written(alice), "A text that is not lost.");
  assert.equal(await alice.locator("input[name=to]").inputValue(), "new.one@limit.example, new.two@limit.example");
  // One of them fits.
  await alice.locator("input[name=to]").fill("new.one@limit.example");
  await press(alice, alice.locator("form.write button.primary"));
  if (await alice.locator(".check").count()) await press(alice, alice.locator("form.write button[name=checked]"));
  await alice.waitForURL(/sent=1/);
  assert.equal(node.mails("new.two@limit.example", "notification").length, 0);
  await alice.goto(`${node.url}/compose`);
  assert.match(await room(), /: 500 of 500/);
  await alice.context().close();
});
